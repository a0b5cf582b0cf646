package io.leasehold.test;

import io.leasehold.ClosedException;
import io.leasehold.ErrorKind;
import io.leasehold.LeaderCall;
import io.leasehold.LeaderElection;
import io.leasehold.LeaderTask;
import io.leasehold.LeadershipListener;
import io.leasehold.LostReason;
import io.leasehold.Mode;
import io.leasehold.Registration;
import io.leasehold.Role;
import io.leasehold.Status;
import io.leasehold.Term;
import io.leasehold.TimedOutException;
import io.leasehold.internal.Firing;
import io.leasehold.internal.LaterWork;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * An election that a test decides: it leads from {@link #lead} to {@link #lose}. Nothing happens by itself, nothing is
 * waited for, and listeners are called on the thread that makes something happen, before it goes on; what they throw,
 * the test sees.
 *
 * <p>Each term has a fencing token of its own, greater than that of every other term in this JVM.
 */
public final class TestLeaderElection implements LeaderElection {
    private static final String LEASE = "test";
    private static final String IDENTITY = "this-instance";
    private static final AtomicLong TOKENS = new AtomicLong();

    private final List<LeadershipListener> listeners = new CopyOnWriteArrayList<>();
    /** The keys of work that runs once. */
    private final Set<String> done = ConcurrentHashMap.newKeySet();

    /** Those that a call deals with: one at a time. */
    private final Set<String> keys = new HashSet<>();

    /** How many calls of {@link #runOnce} there are, and whether it runs for them alone. */
    private int calls;

    private boolean runsForCalls;

    /** When the firing of each job was due that was begun last. */
    private final Map<String, Instant> firings = new HashMap<>();

    private boolean running;
    private boolean closed;
    private int transitions;
    private String holder;
    private TestTerm term;

    private TestLeaderElection() {}

    /**
     * An election that was started, and does not lead.
     *
     * @return the election
     */
    public static TestLeaderElection started() {
        TestLeaderElection election = new TestLeaderElection();
        election.start();
        return election;
    }

    // ---- what the test decides -------------------------------------------------------------------------------------

    /**
     * This instance leads from now on, in a new term unless it leads already.
     *
     * @return the term
     */
    public Term lead() {
        synchronized (this) {
            run();
            if (term != null) {
                return term;
            }
            term = new TestTerm(this, TOKENS.incrementAndGet(), transitions++, Instant.now());
            notifyAll();
        }
        TestTerm begun = term;
        tell(listener -> listener.acquired(begun));
        follow(IDENTITY);
        return begun;
    }

    /**
     * This instance no longer leads. Nothing happens if it did not.
     *
     * @param reason why
     */
    public void lose(LostReason reason) {
        TestTerm lost;
        synchronized (this) {
            checkOpen();
            lost = term;
            term = null;
        }
        if (lost != null) {
            tell(listener -> listener.lost(new TestLoss(lost, reason)));
            follow(null);
        }
    }

    /**
     * The Lease names this holder from now on. A holder other than this instance ends its term.
     *
     * @param newHolder its identity, or {@code null} for none
     */
    public void follow(String newHolder) {
        if (isLeader() && !IDENTITY.equals(newHolder)) {
            lose(LostReason.SUPERSEDED);
        }
        synchronized (this) {
            if (Objects.equals(holder, newHolder)) {
                return;
            }
            holder = newHolder;
        }
        tell(listener -> listener.leaderChanged(newHolder));
    }

    // ---- what the program sees -------------------------------------------------------------------------------------

    @Override
    public synchronized void start() {
        run();
        runsForCalls = false;
    }

    private synchronized void run() {
        checkOpen();
        running = true;
    }

    @Override
    public synchronized boolean isLeader() {
        return term != null;
    }

    synchronized boolean leadsUnder(TestTerm other) {
        return term == other;
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
        Role role = term != null ? Role.LEADER : running ? Role.CANDIDATE : Role.STOPPED;
        return new Status(
                LEASE,
                Mode.NEVER,
                running ? IDENTITY : null,
                role,
                holder,
                term != null ? null : "the test has not said so",
                null,
                false,
                term != null ? term.fencingToken() : null,
                remaining());
    }

    @Override
    public synchronized Term waitForLeadership(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        checkOpen();
        while (running && term == null) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new TimedOutException("not the leader of `" + LEASE + "` after " + timeout);
            }
            wait(millis);
        }
        checkRuns();
        return term;
    }

    private void checkRuns() {
        if (!running) {
            throw new ClosedException("the election is not running");
        }
    }

    /**
     * Waits until the test lets this instance lead, and remembers what was done here. Work that fails loses the term; work
     * whose term the test has ended runs once more.
     */
    @Override
    public <E extends Exception> boolean runOnce(String key, LeaderTask<E> work) throws E, InterruptedException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(work, "work");
        beginCall();
        try {
            beginWith(key);
            try {
                while (!done.contains(key)) {
                    Term begun = waitForLeadership(Duration.ofDays(365));
                    if (runOrStepDown(work) && begun.isValid()) {
                        done.add(key);
                        return true;
                    }
                }
                return false;
            } finally {
                endWith(key);
            }
        } finally {
            endCall();
        }
    }

    private <E extends Exception> boolean runOrStepDown(LeaderTask<E> work) throws E {
        try {
            return runIfLeader(work);
        } catch (Exception failure) {
            stepDown();
            throw failure;
        }
    }

    private synchronized void beginCall() {
        runsForCalls |= !running;
        calls++;
        run();
    }

    private void endCall() {
        boolean ends;
        synchronized (this) {
            ends = --calls == 0 && runsForCalls;
            runsForCalls &= calls > 0;
        }
        if (ends) {
            stop();
        }
    }

    /** Waits until no other call deals with the key. */
    private synchronized void beginWith(String key) throws InterruptedException {
        while (running && keys.contains(key)) {
            wait();
        }
        checkRuns();
        keys.add(key);
    }

    private synchronized void endWith(String key) {
        keys.remove(key);
        notifyAll();
    }

    /** Remembers the firing, and refuses what an election refuses: one that is due far ahead, too. */
    @Override
    public synchronized boolean claim(String job, Instant due) {
        return begin(leadingFor(job, due));
    }

    @Override
    public synchronized boolean claimMissed(String job, Instant due, Duration within) {
        Firing firing = leadingFor(job, due);
        return firing.wasDueWithin(within) && firings.containsKey(job) && begin(firing);
    }

    private Firing leadingFor(String job, Instant due) {
        checkOpen();
        Firing firing = new Firing(job, due);
        checkLeads();
        return firing;
    }

    private boolean begin(Firing firing) {
        Instant last = firings.get(firing.job());
        if (last != null && !firing.due().isAfter(last)) {
            return false;
        }
        firings.put(firing.job(), firing.due());
        return true;
    }

    @Override
    public synchronized Optional<Instant> lastFiring(String job) {
        checkOpen();
        Firing.checkJob(job);
        return Optional.ofNullable(firings.get(job));
    }

    private void checkLeads() {
        if (term == null) {
            ErrorKind kind = running ? ErrorKind.LEADERSHIP_LOST : ErrorKind.CLOSED;
            throw kind.exception("not the leader of `" + LEASE + "`: the test has not said so");
        }
    }

    @Override
    public <T, E extends Exception> Optional<T> callIfLeader(LeaderCall<T, E> work) throws E {
        Objects.requireNonNull(work, "work");
        Term present = present();
        if (present == null) {
            return Optional.empty();
        }
        T result = work.call(present);
        LaterWork.refuse(result);
        return Optional.ofNullable(result);
    }

    /** As {@link #term}, for what a closed election answers as well. */
    private synchronized Term present() {
        return term;
    }

    @Override
    public Registration addListener(LeadershipListener listener) {
        Objects.requireNonNull(listener, "listener");
        Optional<Term> present = term();
        listeners.add(listener);
        present.ifPresent(listener::acquired);
        return () -> {
            if (listeners.remove(listener)) {
                listener.removed();
            }
        };
    }

    @Override
    public void stepDown() {
        lose(LostReason.STEPPED_DOWN);
    }

    @Override
    public void stop() {
        requestStop();
    }

    @Override
    public void stop(Duration drainTimeout) {
        requestStop();
    }

    @Override
    public boolean requestStop() {
        if (present() != null) {
            lose(LostReason.STOPPED);
        }
        synchronized (this) {
            if (!running) {
                return false;
            }
            running = false;
            notifyAll();
        }
        tell(LeadershipListener::stopped);
        return true;
    }

    /** A test's election is always healthy. */
    @Override
    public void checkHealth(Duration tolerance) {
        checkOpen();
    }

    /** A test's election has no metrics. */
    @Override
    public String metrics() {
        checkOpen();
        return "";
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        requestStop();
        synchronized (this) {
            closed = true;
        }
        tell(LeadershipListener::removed);
        listeners.clear();
    }

    private synchronized void checkOpen() {
        if (closed) {
            throw new ClosedException("the election has been closed: build another");
        }
    }

    private void tell(Consumer<LeadershipListener> event) {
        listeners.forEach(event);
    }
}
