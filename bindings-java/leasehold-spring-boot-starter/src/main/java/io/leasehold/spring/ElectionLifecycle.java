package io.leasehold.spring;

import io.leasehold.Registration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;

/**
 * The elections begin before everything that asks about them: schedulers, message listeners, the web server. They end,
 * and the Leases are released, when all of these have stopped.
 */
final class ElectionLifecycle implements SmartLifecycle {
    /** Just outside executors and schedulers, which Spring starts before the web server and stops after it. */
    static final int PHASE = Integer.MAX_VALUE / 2 - 1024;

    private final Elections elections;
    private final ContextProgress context;
    private final ApplicationEventPublisher publisher;
    private final List<Registration> registrations = new ArrayList<>();
    private volatile boolean running;

    ElectionLifecycle(Elections elections, ContextProgress context, ApplicationEventPublisher publisher) {
        this.elections = elections;
        this.context = context;
        this.publisher = publisher;
    }

    @Override
    public void start() {
        // At once: where one of them cannot start, Spring stops what runs.
        running = true;
        context.begins();
        elections.forEach((name, election) -> {
            registrations.add(election.addListener(new EventPublisher(name, publisher, context)));
            election.start();
        });
    }

    @Override
    public void stop() {
        context.hasStopped();
        elections.interruptWork();
        // All of them are asked to stop before the first is waited for.
        elections.forEach((name, election) -> election.requestStop());
        elections.forEach((name, election) -> election.stop());
        registrations.forEach(Registration::close);
        registrations.clear();
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
