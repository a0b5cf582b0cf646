// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/**
 * It took too long: a request, of which nobody knows whether it took effect, or a wait. The message says what was
 * waited for.
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
