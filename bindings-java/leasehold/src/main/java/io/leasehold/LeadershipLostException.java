// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

/** This instance is not, or no longer, the leader: stop the guarded work. */
public class LeadershipLostException extends LeaseholdException {
    private static final long serialVersionUID = 1L;

    /**
     * An error of this kind.
     *
     * @param message what was attempted, what happened and what would help
     */
    public LeadershipLostException(String message) {
        super(ErrorKind.LEADERSHIP_LOST, message);
    }
}
