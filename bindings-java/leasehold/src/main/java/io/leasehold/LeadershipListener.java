package io.leasehold;

/**
 * Receives the events of an election, in order, on a daemon thread of its own: it may block, and what it throws is
 * logged. Each term has one {@link #acquired} and one {@link #lost}. All methods do nothing unless overridden.
 */
public interface LeadershipListener {
    /**
     * This instance leads. Called at once for a listener that is added while it does.
     *
     * @param term the term, which may be over already
     */
    default void acquired(Term term) {}

    /**
     * This instance no longer leads: stop the guarded work, then return. Until then the Lease is not released, for at most
     * {@link LeaderElection.Builder#drainTimeout}.
     *
     * @param loss the term that is over, and why
     */
    default void lost(Loss loss) {}

    /**
     * The Lease names another holder, or none. Tells nothing about who is entitled to act now.
     *
     * @param holder the identity, or {@code null}
     */
    default void leaderChanged(String holder) {}

    /**
     * This candidate cannot read or renew the Lease. Told once for each new kind of error; the election goes on trying.
     *
     * @param error why
     */
    default void renewalFailing(LeaseholdException error) {}

    /** The election has stopped; after another {@link LeaderElection#start} there are events again. */
    default void stopped() {}

    /** The registration or the election was closed: no other call follows. Called last, and once. */
    default void removed() {}
}
