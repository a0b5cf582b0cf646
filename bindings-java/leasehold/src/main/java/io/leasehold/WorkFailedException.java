// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/**
 * Work that is to run once has failed as often as it may: the message says with what. It is not tried again under this
 * key.
 */
public class WorkFailedException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public WorkFailedException(String message) {
        super(ErrorKind.WORK_FAILED, message);
    }
}
