package io.leasehold;

/**
 * No answer within the time limit: whether the request took effect is unknown. Or a wait for
 * leadership was in vain: the message says why.
 */
public class TimedOutException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public TimedOutException(String message) {
        super(ErrorKind.TIMED_OUT, message);
    }
}
