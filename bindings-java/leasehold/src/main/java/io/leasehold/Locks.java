package io.leasehold;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Locks for one piece of work each, by a Lease for each: for what is done once in a while by the instance that comes
 * first, and not by a leader. A lock is renewed while the work goes on, and released after it; nobody campaigns for it
 * in between.
 *
 * <pre>{@code
 * try (Locks locks = Locks.builder().build()) {
 *     Optional<HeldLock> lock = locks.tryLock("nightly-report");
 *     if (lock.isPresent()) {
 *         try (HeldLock held = lock.get()) {
 *             // This instance, and no other, under held.fencingToken().
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>What an election promises of a leader holds of who has a lock. A name is observed from when it is first used, or {@link
 * #observe} is called: a lock whose holder has crashed meanwhile is then free at once, and otherwise one lease duration after
 * it was first seen.
 *
 * <p>Every method may be called from any thread. When the JVM shuts down, those who hold a lock learn of it, and are
 * waited for as an election's work is.
 */
public final class Locks implements AutoCloseable {
    private final long number;
    private final boolean stopAtShutdown;
    /** Threads that tell listeners, for which closing waits. */
    private final Set<Thread> telling = ConcurrentHashMap.newKeySet();

    private volatile boolean closing;

    private Locks(String[] settings, boolean stopAtShutdown) {
        this.number = Native.createLocks(settings);
        this.stopAtShutdown = stopAtShutdown;
    }

    /**
     * Locks by the settings of the environment ({@code LEASEHOLD_…}), or others.
     *
     * @return the settings, to be completed
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Observes locks from now on, so that one whose holder has crashed is free when it is wanted. Blocks while credentials are
     * loaded, but not for an answer.
     *
     * @param names of which locks
     * @throws ConfigException if credentials or folder cannot be used
     */
    public void observe(String... names) {
        for (String name : names) {
            Native.observeLock(number, Objects.requireNonNull(name, "name"));
        }
    }

    /**
     * Acquires a lock if it is free.
     *
     * @param name which
     * @return empty if somebody holds it, or another thread of this process
     * @throws LeaseholdException why it could not be found out
     */
    public Optional<HeldLock> tryLock(String name) {
        return tryLock(LockRequest.of(name));
    }

    /**
     * Acquires a lock if it is free. Blocks for as long as that takes to find out, which has limits.
     *
     * @param request which, and the limits of the work
     * @return empty if somebody holds it, or another thread of this process
     * @throws LeaseholdException why it could not be found out
     */
    public Optional<HeldLock> tryLock(LockRequest request) {
        long attempt = begin(request, Native.NONE);
        try {
            Fields decided;
            do {
                decided = Fields.of(Native.awaitLock(attempt, Long.MAX_VALUE));
            } while (decided == null);
            return held(request, decided);
        } finally {
            Native.endLock(attempt);
        }
    }

    /**
     * Acquires a lock, and waits until it is free.
     *
     * @param name which
     * @param timeout how long at most; not at all if it is negative
     * @return the lock
     * @throws TimedOutException says who holds it
     * @throws LeaseholdException why it could not be found out
     * @throws InterruptedException if the thread is interrupted
     */
    public HeldLock lock(String name, Duration timeout) throws InterruptedException {
        return lock(LockRequest.of(name), timeout);
    }

    /**
     * Acquires a lock, and waits until it is free.
     *
     * @param request which, and the limits of the work
     * @param timeout how long at most; not at all if it is negative
     * @return the lock
     * @throws TimedOutException says who holds it
     * @throws LeaseholdException why it could not be found out
     * @throws InterruptedException if the thread is interrupted
     */
    public HeldLock lock(LockRequest request, Duration timeout) throws InterruptedException {
        long attempt = begin(request, timeout.isNegative() ? 0 : NativeElection.saturated(timeout));
        try {
            while (true) {
                if (Thread.interrupted()) {
                    throw new InterruptedException("while waiting for the lock `" + request.name() + "`");
                }
                Fields decided = Fields.of(Native.awaitLock(attempt, Native.SLICE_NANOS));
                if (decided != null) {
                    return held(request, decided)
                            .orElseThrow(() -> new InternalException("the native half did not say why"));
                }
            }
        } finally {
            Native.endLock(attempt);
        }
    }

    private long begin(LockRequest request, long timeoutNanos) {
        return Native.beginLock(
                number,
                request.name(),
                timeoutNanos,
                nanosOrNone(request.atMost()),
                NativeElection.saturated(request.atLeast()));
    }

    private Optional<HeldLock> held(LockRequest request, Fields decided) {
        return decided.find("lock") == null
                ? Optional.empty()
                : Optional.of(new NativeLock(this, request.name(), decided));
    }

    static long nanosOrNone(Duration duration) {
        return duration == null ? Native.NONE : NativeElection.saturated(duration);
    }

    /**
     * No lock is acquired from now on, and those that are held end: their holders learn of it, and are waited for while
     * renewal goes on, for at most {@link Builder#drainTimeout}. Called again meanwhile it waits as well; called by a
     * listener to a loss, for which it would wait, it begins and returns at once.
     */
    @Override
    public void close() {
        boolean begins = !closing;
        closing = true;
        if (!telling.contains(Thread.currentThread())) {
            closeAndWait();
        } else if (begins) {
            Native.requestCloseLocks(number);
            Background.daemon("leasehold-close", this::closeAndWait).start();
        }
    }

    private void closeAndWait() {
        Native.closeLocks(number);
        Background.leave(new Accompanied(this));
    }

    /** The calling thread tells a listener until what is returned is closed. */
    Telling telling() {
        Thread thread = Thread.currentThread();
        telling.add(thread);
        return () -> telling.remove(thread);
    }

    @FunctionalInterface
    interface Telling extends AutoCloseable {
        @Override
        void close();
    }

    /** As the shutdown hook has them. */
    private record Accompanied(Locks locks) implements Background.Accompanied {
        @Override
        public boolean isRunning() {
            return !locks.closing;
        }

        @Override
        public boolean stopsAtShutdown() {
            return locks.stopAtShutdown;
        }

        @Override
        public boolean requestStop() {
            Native.requestCloseLocks(locks.number);
            return isRunning();
        }

        @Override
        public void stop() {
            locks.close();
        }
    }

    /** The settings of locks, as those of an election. A Lease is called as its lock. */
    public static final class Builder extends ElectionSettings<Builder> {
        private final List<String> observed = new ArrayList<>();
        private boolean stopAtShutdown = true;

        private Builder() {}

        /**
         * Observes locks from the start; see {@link Locks#observe}.
         *
         * @param names of which locks
         * @return this
         */
        public Builder observe(String... names) {
            Collections.addAll(observed, names);
            return this;
        }

        /**
         * Whether the locks close by themselves when the JVM shuts down. Default: true.
         *
         * @param stopAtShutdown whether they do
         * @return this
         */
        public Builder stopAtShutdown(boolean stopAtShutdown) {
            this.stopAtShutdown = stopAtShutdown;
            return this;
        }

        /**
         * The locks, of which nobody holds one yet.
         *
         * @return the locks
         * @throws ConfigException names the wrong setting, its value and the fix
         * @throws NativeLibraryException if the native half cannot be loaded
         */
        public Locks build() {
            NativeLibrary.load();
            Locks locks = new Locks(settings().toArray(String[]::new), stopAtShutdown);
            try {
                Background.accompany(new Accompanied(locks));
                locks.observe(observed.toArray(String[]::new));
                return locks;
            } catch (RuntimeException | Error failure) {
                locks.close();
                throw failure;
            }
        }
    }
}
