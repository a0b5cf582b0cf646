// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** Another process writes under this candidate's identity: give each its own. */
public class IdentityConflictException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public IdentityConflictException(String message) {
        super(ErrorKind.IDENTITY_CONFLICT, message);
    }
}
