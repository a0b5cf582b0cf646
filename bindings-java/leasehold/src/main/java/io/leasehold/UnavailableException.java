// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** The store cannot be reached or refuses work for now. The election goes on trying. */
public class UnavailableException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public UnavailableException(String message) {
        super(ErrorKind.UNAVAILABLE, message);
    }
}
