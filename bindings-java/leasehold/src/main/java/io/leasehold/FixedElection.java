package io.leasehold;

import io.leasehold.internal.Firing;
import io.leasehold.internal.LaterWork;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * An election whose outcome its mode says, {@code always} or {@code never}, on a platform for which there is no native half.
 * There is no Lease. Settings that are about one mean nothing here, and are not checked.
 */
final class FixedElection implements LeaderElection {
    /** How long a term lasts, for those who ask: until it ends. */
    private static final Duration FOR_NOW = Duration.ofSeconds(10);

    /** The core's default. */
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(20);

    private static final Duration WITHOUT_END = Duration.ofDays(365);
    private static final AtomicLong TOKENS = new AtomicLong();
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private final Mode mode;
    private final String lease;
    private final String identity;
    private final Duration drainTimeout;
    private final boolean stopAtShutdown;
    private final List<Listening> listeners = new CopyOnWriteArrayList<>();
    /** Whether the thread is one that a stop would wait for. */
    private final ThreadLocal<Boolean> busy = ThreadLocal.withInitial(() -> false);

    /** One call of {@link #runOnce} at a time. */
    private final ReentrantLock once = new ReentrantLock();

    private boolean running;
    /** Whether the application has started it, and not only work that runs once. */
    private boolean isStarted;

    private boolean stopping;
    private boolean closed;
    private int transitions;
    /** Work under way, and losses that listeners are busy with. */
    private int unfinished;

    private volatile FixedTerm term;
    private Thread shutdownHook;

    private FixedElection(Mode mode, String lease, String identity, Duration drainTimeout, boolean stopAtShutdown) {
        this.mode = mode;
        this.lease = lease;
        this.identity = identity;
        this.drainTimeout = drainTimeout;
        this.stopAtShutdown = stopAtShutdown;
    }

    /** Null if the settings ask for an election that needs the native half. */
    static LeaderElection create(List<String> settings, boolean stopAtShutdown, NativeLibraryException missing) {
        String mode = setting(settings, "mode");
        if (!"always".equals(mode) && !"never".equals(mode)) {
            return null;
        }
        String lease = setting(settings, "lease");
        if (lease == null || lease.isBlank()) {
            throw new ConfigException("lease = `" + lease + "`: name the Lease, or set LEASEHOLD_LEASE");
        }
        if (WARNED.compareAndSet(false, true)) {
            Log.LOGGER.log(
                    Level.WARNING, "mode `" + mode + "` is answered without the native half: " + missing.getMessage());
        }
        String identity = setting(settings, "identity");
        String drain = setting(settings, "drain_timeout");
        return new FixedElection(
                Mode.named(mode),
                lease,
                identity != null ? identity : hostName(),
                // As the builder writes it; other forms are the core's to read.
                drain != null && drain.startsWith("PT") ? Duration.parse(drain) : DRAIN_TIMEOUT,
                stopAtShutdown);
    }

    private static String setting(List<String> settings, String name) {
        // Names and values in turn; the last one wins.
        for (int at = settings.size() - 2; at >= 0; at -= 2) {
            if (settings.get(at).equals(name)) {
                return settings.get(at + 1);
            }
        }
        return System.getenv("LEASEHOLD_" + name.toUpperCase(Locale.ROOT));
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "this-instance";
        }
    }

    // ---- start and stop --------------------------------------------------------------------------------------------

    @Override
    public synchronized void start() {
        begin();
        isStarted = true;
    }

    private synchronized void begin() {
        checkOpen();
        if (running) {
            return;
        }
        if (stopAtShutdown) {
            Thread hook = new Thread(null, this::closeAndWait, "leasehold-shutdown", 0, false);
            try {
                Runtime.getRuntime().addShutdownHook(hook);
            } catch (IllegalStateException shuttingDown) {
                throw new ClosedException("the JVM is shutting down: no election can start");
            }
            shutdownHook = hook;
        }
        running = true;
        // What is left of an earlier run has had its time.
        lead(true);
    }

    /** There is nobody else, so that it leads as soon as the work of the last term has ended, or has had its time. */
    private void lead(boolean isGraceOver) {
        boolean mayLead = mode == Mode.ALWAYS && running && !stopping && term == null;
        if (mayLead && (isGraceOver || unfinished == 0)) {
            term = new FixedTerm(TOKENS.incrementAndGet(), transitions++, Instant.now());
            Term begun = term;
            tell(listener -> listener.acquired(begun));
            notifyAll();
        }
    }

    @Override
    public synchronized void stepDown() {
        checkOpen();
        lose(LostReason.STEPPED_DOWN);
        lead(false);
        if (mode == Mode.ALWAYS && running && !stopping && term == null) {
            int number = transitions;
            Background.daemon("leasehold-grace", () -> leadAfterGrace(number)).start();
        }
    }

    private synchronized void leadAfterGrace(int number) {
        waitUntil(() -> transitions != number || term != null || stopping, drainTimeout);
        if (transitions == number) {
            lead(true);
        }
    }

    private void lose(LostReason reason) {
        FixedTerm lost = term;
        if (lost == null) {
            return;
        }
        term = null;
        for (Listening listening : listeners) {
            unfinished++;
            listening.told.add(listener -> {
                FixedLoss loss = new FixedLoss(lost, reason);
                try {
                    listener.lost(loss);
                } finally {
                    loss.returned.set(true);
                    finished();
                }
            });
        }
    }

    private synchronized void finished() {
        unfinished--;
        notifyAll();
        lead(false);
    }

    @Override
    public void stop() {
        stop(drainTimeout);
    }

    @Override
    public void stop(Duration drainTimeout) {
        if (requestStop(drainTimeout) && !busy.get()) {
            awaitStopped();
        }
    }

    @Override
    public boolean requestStop() {
        return requestStop(drainTimeout);
    }

    private synchronized boolean requestStop(Duration drainTimeout) {
        if (!running) {
            return false;
        }
        if (!stopping) {
            stopping = true;
            isStarted = false;
            lose(LostReason.STOPPED);
            Background.daemon("leasehold-stop", () -> drain(drainTimeout)).start();
        }
        return true;
    }

    private synchronized void drain(Duration limit) {
        waitUntil(() -> unfinished == 0, limit);
        running = false;
        stopping = false;
        notifyAll();
        tell(LeadershipListener::stopped);
        Thread hook = shutdownHook;
        shutdownHook = null;
        try {
            if (hook != null) {
                Runtime.getRuntime().removeShutdownHook(hook);
            }
        } catch (IllegalStateException shuttingDown) {
            // It runs, and finds nothing to do.
        }
    }

    private synchronized void awaitStopped() {
        waitUntil(() -> !stopping, WITHOUT_END);
    }

    @Override
    public void close() {
        if (busy.get()) {
            requestStop();
            Background.daemon("leasehold-close", this::closeAndWait).start();
        } else {
            closeAndWait();
        }
    }

    private void closeAndWait() {
        stop();
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        listeners.forEach(Listening::close);
    }

    // ---- answers ---------------------------------------------------------------------------------------------------

    @Override
    public boolean isLeader() {
        return term != null;
    }

    @Override
    public synchronized Optional<Term> term() {
        checkOpen();
        return Optional.ofNullable(term);
    }

    @Override
    public Duration remaining() {
        return term().map(Term::remaining).orElse(Duration.ZERO);
    }

    @Override
    public synchronized Status status() {
        checkOpen();
        Role role = term != null ? Role.LEADER : stopping ? Role.DRAINING : running ? Role.CANDIDATE : Role.STOPPED;
        return new Status(
                lease,
                mode,
                running ? identity : null,
                role,
                term != null ? identity : null,
                term != null ? null : whyNotLeading(),
                null,
                false,
                term != null ? term.fencingToken() : null,
                remaining());
    }

    private String whyNotLeading() {
        return running && !stopping
                ? "the mode is `" + mode.name().toLowerCase(Locale.ROOT) + "`"
                : "the election is not running: call start()";
    }

    @Override
    public synchronized Term waitForLeadership(Duration timeout) throws InterruptedException {
        checkOpen();
        long deadline = System.nanoTime() + nanos(timeout);
        while (running && !stopping && term == null) {
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (millis <= 0) {
                throw new TimedOutException(
                        "not the leader of `" + lease + "` after " + timeout + ": " + whyNotLeading());
            }
            wait(millis);
        }
        if (term == null) {
            throw new ClosedException("the election is not running: call start()");
        }
        return term;
    }

    @Override
    public <T, E extends Exception> Optional<T> callIfLeader(LeaderCall<T, E> work) throws E {
        Objects.requireNonNull(work, "work");
        FixedTerm present;
        synchronized (this) {
            checkOpen();
            present = term;
            if (present == null) {
                return Optional.empty();
            }
            unfinished++;
        }
        boolean outer = busy.get();
        busy.set(true);
        T result;
        try {
            result = work.call(present);
            LaterWork.refuse(result);
        } catch (Throwable failure) {
            finished();
            throw failure;
        } finally {
            busy.set(outer);
        }
        LaterWork.whenEnded(result, this::finished);
        return Optional.ofNullable(result);
    }

    /** Nothing is remembered: it is done each time, or never. */
    @Override
    public <E extends Exception> boolean runOnce(String key, LeaderTask<E> work) throws E, InterruptedException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(work, "work");
        if (mode == Mode.NEVER) {
            return false;
        }
        once.lockInterruptibly();
        try {
            awaitStopped();
            begin();
            do {
                waitForLeadership(WITHOUT_END);
            } while (!runIfLeader(work));
            return true;
        } finally {
            if (!isStarted()) {
                stop();
            }
            once.unlock();
        }
    }

    /** Nothing is remembered: each firing is begun, each time. */
    @Override
    public boolean claim(String job, Instant due) {
        checkLeadsFor(job, due);
        return true;
    }

    /** Nothing is remembered: nothing is known to be missed. */
    @Override
    public boolean claimMissed(String job, Instant due, Duration within) {
        Objects.requireNonNull(within, "within");
        checkLeadsFor(job, due);
        return false;
    }

    @Override
    public Optional<Instant> lastFiring(String job) {
        checkOpen();
        Firing.checkJob(job);
        return Optional.empty();
    }

    private synchronized void checkLeadsFor(String job, Instant due) {
        checkOpen();
        new Firing(job, due);
        if (term == null) {
            String why = "not the leader of `" + lease + "`: " + whyNotLeading();
            throw running ? new LeadershipLostException(why) : new ClosedException(why);
        }
    }

    private synchronized boolean isStarted() {
        return isStarted;
    }

    /** Nothing can go wrong. */
    @Override
    public void checkHealth(Duration tolerance) {
        checkOpen();
    }

    /** Nothing is measured. */
    @Override
    public String metrics() {
        checkOpen();
        return "";
    }

    private synchronized void checkOpen() {
        if (closed) {
            throw new ClosedException("the election has been closed: build another");
        }
    }

    // ---- listeners -------------------------------------------------------------------------------------------------

    @Override
    public synchronized Registration addListener(LeadershipListener listener) {
        checkOpen();
        Listening listening = new Listening(Objects.requireNonNull(listener, "listener"));
        listeners.add(listening);
        Term present = term;
        if (present != null) {
            listening.told.add(told -> told.acquired(present));
        }
        Background.daemon("leasehold-listener", listening::listen).start();
        return listening;
    }

    private void tell(Event event) {
        listeners.forEach(listening -> listening.told.add(event));
    }

    @FunctionalInterface
    private interface Event {
        void tell(LeadershipListener listener);
    }

    private final class Listening implements Registration {
        private final LeadershipListener listener;
        private final BlockingQueue<Event> told = new LinkedBlockingQueue<>();
        private boolean ended;

        Listening(LeadershipListener listener) {
            this.listener = listener;
        }

        @Override
        public void close() {
            if (listeners.remove(this)) {
                told.add(last -> {
                    ended = true;
                    last.removed();
                });
            }
        }

        private void listen() {
            busy.set(true);
            while (!ended) {
                try {
                    tell(told.take());
                } catch (InterruptedException ofTheListener) {
                    // It has interrupted its thread, which ends when it is removed.
                }
            }
        }

        private void tell(Event event) {
            try {
                event.tell(listener);
            } catch (Throwable failure) {
                Log.LOGGER.log(Level.ERROR, "a leadership listener failed; it still receives later events", failure);
            }
        }
    }

    // ---- terms -----------------------------------------------------------------------------------------------------

    private final class FixedTerm implements Term {
        private final long fencingToken;
        private final int transitions;
        private final Instant acquiredAt;

        FixedTerm(long fencingToken, int transitions, Instant acquiredAt) {
            this.fencingToken = fencingToken;
            this.transitions = transitions;
            this.acquiredAt = acquiredAt;
        }

        @Override
        public long fencingToken() {
            return fencingToken;
        }

        @Override
        public int transitions() {
            return transitions;
        }

        @Override
        public String leaseUid() {
            return "none";
        }

        @Override
        public Instant acquiredAt() {
            return acquiredAt;
        }

        @Override
        public Acquisition acquisition() {
            return Acquisition.FREE;
        }

        @Override
        public boolean isValid() {
            return term == this;
        }

        @Override
        public Duration remaining() {
            return isValid() ? FOR_NOW : Duration.ZERO;
        }

        @Override
        public void check() {
            if (!isValid()) {
                throw new LeadershipLostException(
                        "the term with fencing token " + fencingToken + " is over: stop its work");
            }
        }

        @Override
        public String toString() {
            return "Term[fencingToken=" + fencingToken + ", transitions=" + transitions + ", isValid=" + isValid()
                    + "]";
        }
    }

    private record FixedLoss(Term term, LostReason reason, AtomicBoolean returned) implements Loss {
        FixedLoss(Term term, LostReason reason) {
            this(term, reason, new AtomicBoolean());
        }

        @Override
        public Duration timeLeft() {
            return returned.get() ? Duration.ZERO : FOR_NOW;
        }
    }

    // ---- time ------------------------------------------------------------------------------------------------------

    @FunctionalInterface
    private interface Condition {
        boolean holds();
    }

    /** Under the lock. An interrupt ends the wait. */
    private void waitUntil(Condition condition, Duration limit) {
        long deadline = System.nanoTime() + nanos(limit);
        try {
            while (!condition.holds()) {
                long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (millis <= 0) {
                    return;
                }
                wait(millis);
            }
        } catch (InterruptedException impatient) {
            Thread.currentThread().interrupt();
        }
    }

    /** A century at most, so that it can be added to a time. */
    private static long nanos(Duration duration) {
        Duration most = Duration.ofDays(36_500);
        return (duration.compareTo(most) > 0 ? most : duration).toNanos();
    }
}
