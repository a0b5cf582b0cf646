// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** The election has been stopped or closed, or was never started. */
public class ClosedException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public ClosedException(String message) {
        super(ErrorKind.CLOSED, message);
    }
}
