package io.leasehold;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What accompanies running elections, and ends with the last of them, so that a class loader with no running election can
 * be collected: the shutdown hook, the pulse and the log.
 */
final class Background {
    private static final Set<Accompanied> RUNNING = new LinkedHashSet<>();
    private static final List<Companion> COMPANIONS =
            List.of(new Companion("leasehold-pulse", Background::pulse), new Companion("leasehold-log", Log::passOn));
    private static Thread shutdownHook;

    private Background() {}

    /** An election, or locks. */
    interface Accompanied {
        boolean isRunning();

        boolean stopsAtShutdown();

        boolean requestStop();

        void stop();
    }

    /** Called before an election starts. */
    static synchronized void accompany(Accompanied election) {
        if (shutdownHook == null) {
            Thread hook = new Thread(null, Background::shutDown, "leasehold-shutdown", 0, false);
            try {
                Runtime.getRuntime().addShutdownHook(hook);
            } catch (IllegalStateException shuttingDown) {
                throw new ClosedException("the JVM is shutting down: no election can start");
            }
            shutdownHook = hook;
        }
        RUNNING.add(election);
        Native.signOfLife();
        COMPANIONS.forEach(Companion::start);
        Background.class.notifyAll();
    }

    /** Called after an election has stopped. Its end is in the log before this returns. */
    static void leave(Accompanied election) {
        if (accompanies(election)) {
            Log.awaitPassedOn();
            remove(election);
        }
    }

    static synchronized boolean accompanies(Accompanied election) {
        return RUNNING.contains(election);
    }

    private static synchronized void remove(Accompanied election) {
        boolean startedAgain = election.isRunning();
        if (startedAgain || !RUNNING.remove(election) || !RUNNING.isEmpty()) {
            return;
        }
        Background.class.notifyAll();
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException shuttingDown) {
            // It runs, and finds nothing to do.
        }
        shutdownHook = null;
    }

    /** Ends all work at the same time, and then waits for each. */
    private static void shutDown() {
        List<Accompanied> elections;
        synchronized (Background.class) {
            elections = RUNNING.stream().filter(Accompanied::stopsAtShutdown).toList();
        }
        elections.forEach(election -> unlessClosed(election::requestStop));
        elections.forEach(election -> unlessClosed(election::stop));
    }

    private static void unlessClosed(Runnable stop) {
        try {
            stop.run();
        } catch (ClosedException closedMeanwhile) {
            // So it has stopped.
        }
    }

    /** The JVM lives. Says so, and waits until it must say so again, or other elections run. */
    private static synchronized boolean pulse() throws InterruptedException {
        long nanos = Native.signOfLife();
        if (!RUNNING.isEmpty()) {
            Background.class.wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
        }
        return false;
    }

    /** A thread that never keeps a JVM from exiting. */
    static Thread daemon(String name, Runnable body) {
        Thread thread = new Thread(null, body, name, 0, false);
        thread.setDaemon(true);
        return thread;
    }

    /** One turn of a companion. */
    @FunctionalInterface
    private interface Turn {
        /** Returns whether there is more to do at once. */
        boolean take() throws InterruptedException;
    }

    /** A daemon thread that takes turns for as long as an election runs. */
    private static final class Companion {
        private final String name;
        private final Turn turn;
        private boolean runs;

        Companion(String name, Turn turn) {
            this.name = name;
            this.turn = turn;
        }

        /** Under the lock. */
        void start() {
            if (!runs) {
                Thread thread = daemon(name, this::run);
                thread.setContextClassLoader(null);
                thread.start();
                runs = true;
            }
        }

        private void run() {
            boolean more = false;
            while (more || goesOn()) {
                try {
                    more = turn.take();
                } catch (Throwable failure) {
                    // A log handler's, or no memory for now. Nobody to tell; the elections go on.
                    more = false;
                }
            }
        }

        private boolean goesOn() {
            synchronized (Background.class) {
                runs = !RUNNING.isEmpty();
                return runs;
            }
        }
    }
}
