package io.leasehold;

/** Somebody else wrote first. The election reads again. */
public class ConflictException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public ConflictException(String message) {
        super(ErrorKind.CONFLICT, message);
    }
}
