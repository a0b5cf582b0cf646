package io.leasehold.spring;

import org.springframework.context.SmartLifecycle;

/**
 * The elections begin before whatever asks about them: schedulers, message listeners, the web server. They end, and the
 * Leases are released, when all of these have stopped.
 */
final class ElectionLifecycle implements SmartLifecycle {
    /** Just outside executors and schedulers, which Spring starts before the web server and stops after it. */
    static final int PHASE = Integer.MAX_VALUE / 2 - 1024;

    private final Elections elections;
    private final Shutdown shutdown;
    private volatile boolean running;

    ElectionLifecycle(Elections elections, Shutdown shutdown) {
        this.elections = elections;
        this.shutdown = shutdown;
    }

    @Override
    public void start() {
        shutdown.isOff();
        elections.forEach((lock, election) -> election.start());
        running = true;
    }

    @Override
    public void stop() {
        shutdown.workHasStopped();
        // First all of them at once, then wait for each.
        elections.forEach((lock, election) -> election.requestStop());
        elections.forEach((lock, election) -> election.stop());
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
