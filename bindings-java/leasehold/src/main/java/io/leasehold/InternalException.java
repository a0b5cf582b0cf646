// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** A defect in Leasehold: please report it. */
public class InternalException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public InternalException(String message) {
        super(ErrorKind.INTERNAL, message);
    }
}
