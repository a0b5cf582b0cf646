// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** This process is a fork of the one that started the election: start one of its own. */
public class ForkedException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public ForkedException(String message) {
        super(ErrorKind.FORKED, message);
    }
}
