package io.leasehold;

/**
 * Anything that Leasehold fails with. Each {@link ErrorKind} has a subclass of its own. Messages call settings by the
 * names that they have in every language, such as {@code lease_duration} for {@link
 * LeaderElection.Builder#leaseDuration}.
 */
public abstract class LeaseholdException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong. */
    private final ErrorKind kind;

    LeaseholdException(ErrorKind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /**
     * What went wrong, for a {@code switch}.
     *
     * @return the kind, of which this class is the exception
     */
    public ErrorKind kind() {
        return kind;
    }
}
