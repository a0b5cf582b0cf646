package io.leasehold.spring;

/**
 * Something that happened to the election behind a lock, published as an application event: listen with {@code
 * @EventListener}.
 *
 * <p>Events of one lock come in order, on a thread of their own: a listener may block without harm to the election.
 * They begin when the context has started; whoever leads by then is told so first, so that no term goes unnoticed.
 */
public sealed interface LeadershipEvent permits LeadershipAcquiredEvent, LeadershipLostEvent, LeaderChangedEvent {
    /**
     * The lock's name.
     *
     * @return a name of {@code leasehold.locks}, or {@value ClusterLeaderService#DEFAULT_LOCK}
     */
    String lock();
}
