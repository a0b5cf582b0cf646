package io.leasehold;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Starts and stops a singleton service as its listener. On a thread of its own for each start, so that a service is
 * stopped though its start has not returned.
 */
final class ServiceDriver implements LeadershipListener {
    /** A start that returns within it never meets a stop. */
    private static final Duration USUAL_START = Duration.ofSeconds(1);

    private final SingletonService service;
    private final Consumer<Runnable> within;
    /** The start of the present term; null when there is nothing to stop. */
    private Starting present;

    /** @param within runs what is given to it, as work of the election whose service this is */
    ServiceDriver(SingletonService service, Consumer<Runnable> within) {
        this.service = service;
        this.within = within;
    }

    private final class Starting {
        private final Thread thread;
        private volatile boolean failed;

        Starting(Term term) {
            thread = Background.daemon("leasehold-service", () -> within.accept(() -> start(term)));
            thread.start();
        }

        private void start(Term term) {
            try {
                service.start(term);
            } catch (Throwable failure) {
                failed = true;
                Log.LOGGER.log(
                        Level.ERROR,
                        "a singleton service failed to start; it is stopped when the term ends: " + name(),
                        failure);
            }
        }

        /** Whether it has returned within the limit, of which zero is none. */
        boolean hasReturned(Duration limit) {
            try {
                thread.join(limit.toMillis());
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
            return !thread.isAlive();
        }
    }

    @Override
    public void acquired(Term term) {
        present = new Starting(term);
        present.hasReturned(USUAL_START);
    }

    @Override
    public void lost(Loss loss) {
        end();
    }

    /** Removed while it runs: nobody else will stop it. */
    @Override
    public void removed() {
        end();
    }

    private void end() {
        Starting ending = present;
        if (ending == null) {
            return;
        }
        present = null;
        boolean startsStill = ending.thread.isAlive();
        if (startsStill) {
            Log.LOGGER.log(
                    Level.WARNING,
                    "the start of a singleton service has not returned, and is waited for after its stop: " + name());
        }
        stop();
        if (startsStill && ending.hasReturned(Duration.ZERO) && !ending.failed) {
            // Stops what it has started since, too.
            stop();
        }
    }

    private void stop() {
        try {
            service.stop();
        } catch (Exception failure) {
            Log.LOGGER.log(Level.ERROR, "a singleton service failed to stop; it counts as stopped: " + name(), failure);
        }
    }

    private String name() {
        return service.getClass().getName();
    }
}
