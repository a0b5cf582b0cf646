// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** The API server refuses a verb: grant the Role that the message prints. */
public class ForbiddenException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public ForbiddenException(String message) {
        super(ErrorKind.FORBIDDEN, message);
    }
}
