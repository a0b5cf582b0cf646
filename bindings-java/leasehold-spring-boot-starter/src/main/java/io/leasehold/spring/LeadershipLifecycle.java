package io.leasehold.spring;

import io.leasehold.Registration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;

/**
 * Leadership ends before anything else stops: no job begins any more, and long ones notice. Its events begin after
 * everything else has started.
 */
final class LeadershipLifecycle implements SmartLifecycle {
    private final Elections elections;
    private final Shutdown shutdown;
    private final ApplicationEventPublisher publisher;
    private final List<Registration> registrations = new ArrayList<>();
    private volatile boolean running;

    LeadershipLifecycle(Elections elections, Shutdown shutdown, ApplicationEventPublisher publisher) {
        this.elections = elections;
        this.shutdown = shutdown;
        this.publisher = publisher;
    }

    @Override
    public void start() {
        registrations.forEach(Registration::close);
        registrations.clear();
        elections.forEach((lock, election) ->
                registrations.add(election.addListener(new EventPublisher(lock, publisher, shutdown))));
        running = true;
    }

    @Override
    public void stop() {
        shutdown.begins();
        elections.forEach((lock, election) -> election.requestStop());
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }
}
