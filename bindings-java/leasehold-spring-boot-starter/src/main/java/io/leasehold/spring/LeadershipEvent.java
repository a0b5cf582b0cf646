package io.leasehold.spring;

/**
 * Something that happened to an election, published as an application event: listen with {@code
 * @EventListener}.
 *
 * <p>Events of one election come in order, on a thread of their own: a listener may block without harm to the election.
 * They begin when the context has started; if this instance leads by then, it learns so first, and no term goes
 * unnoticed.
 */
public sealed interface LeadershipEvent permits LeadershipAcquiredEvent, LeadershipLostEvent, LeaderChangedEvent {
    /**
     * The election's name.
     *
     * @return a name of {@code leasehold.elections}, or {@value ClusterLeaderService#DEFAULT_ELECTION}
     */
    String election();
}
