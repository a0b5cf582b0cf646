package io.leasehold.spring;

import org.springframework.context.SmartLifecycle;

/**
 * Leadership ends before anything else stops: no job begins any more, and long ones notice. Its events begin after
 * everything else has started, and so do scheduled jobs: when it is known who leads.
 */
final class LeadershipLifecycle implements SmartLifecycle {
    private final Elections elections;
    private final ContextProgress context;
    private volatile boolean running;

    LeadershipLifecycle(Elections elections, ContextProgress context) {
        this.elections = elections;
        this.context = context;
    }

    @Override
    public void start() {
        // At once: where this is interrupted, Spring stops what runs.
        running = true;
        try {
            elections.awaitLeaders();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
        context.hasStarted();
    }

    @Override
    public void stop() {
        context.isStopping();
        elections.forEach((name, election) -> election.requestStop());
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
