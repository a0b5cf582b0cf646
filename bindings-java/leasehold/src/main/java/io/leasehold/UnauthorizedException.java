// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** The credentials were not accepted: they have expired or belong to another cluster. */
public class UnauthorizedException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public UnauthorizedException(String message) {
        super(ErrorKind.UNAUTHORIZED, message);
    }
}
