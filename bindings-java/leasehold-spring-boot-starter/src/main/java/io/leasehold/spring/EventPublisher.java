package io.leasehold.spring;

import io.leasehold.LeadershipListener;
import io.leasehold.LostReason;
import io.leasehold.Term;
import org.springframework.context.ApplicationEventPublisher;

/** Turns what happens to one election into application events, on the election's own listener thread. */
final class EventPublisher implements LeadershipListener {
    private final String lock;
    private final ApplicationEventPublisher publisher;
    private final Shutdown shutdown;

    EventPublisher(String lock, ApplicationEventPublisher publisher, Shutdown shutdown) {
        this.lock = lock;
        this.publisher = publisher;
        this.shutdown = shutdown;
    }

    @Override
    public void acquired(Term term) {
        publisher.publishEvent(new LeadershipAcquiredEvent(lock, term));
    }

    /** While this runs, the Lease is not released: so the work of a context that stops is waited for here. */
    @Override
    public void lost(Term term, LostReason reason) {
        try {
            publisher.publishEvent(new LeadershipLostEvent(lock, term, reason));
        } finally {
            shutdown.awaitEndOfWork();
        }
    }

    @Override
    public void leaderChanged(String holder) {
        publisher.publishEvent(new LeaderChangedEvent(lock, holder));
    }
}
