package io.leasehold.spring;

import io.leasehold.LeadershipListener;
import io.leasehold.Loss;
import io.leasehold.Term;
import org.springframework.context.ApplicationEventPublisher;

/**
 * Turns what happens to one election into application events, on the election's own listener thread. It listens from
 * the election's start, so that nothing is lost, and tells when there is somebody to tell.
 */
final class EventPublisher implements LeadershipListener {
    private final String name;
    private final ApplicationEventPublisher publisher;
    private final ContextProgress context;

    EventPublisher(String name, ApplicationEventPublisher publisher, ContextProgress context) {
        this.name = name;
        this.publisher = publisher;
        this.context = context;
    }

    @Override
    public void acquired(Term term) {
        publish(new LeadershipAcquiredEvent(name, term));
    }

    /** While this runs, the Lease is not released: so the work of a context that stops is waited for here. */
    @Override
    public void lost(Loss loss) {
        try {
            publish(new LeadershipLostEvent(name, loss));
        } finally {
            context.awaitEndOfWork();
        }
    }

    @Override
    public void leaderChanged(String holder) {
        publish(new LeaderChangedEvent(name, holder));
    }

    private void publish(LeadershipEvent event) {
        context.awaitStart();
        publisher.publishEvent(event);
    }
}
