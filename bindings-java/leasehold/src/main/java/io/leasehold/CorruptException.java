// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** The stored record cannot be understood: the message says what is wrong with it. */
public class CorruptException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public CorruptException(String message) {
        super(ErrorKind.CORRUPT, message);
    }
}
