package io.leasehold;

/** The version to watch from is too old to resume. The election reads again. */
public class GoneException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public GoneException(String message) {
        super(ErrorKind.GONE, message);
    }
}
