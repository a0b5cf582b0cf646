package io.leasehold;

import io.leasehold.internal.LaterWork;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** An election that the native half runs. */
final class NativeElection implements LeaderElection, Background.Accompanied {
    private final long number;
    private final String lease;
    private final boolean stopAtShutdown;
    /** Whether it has been started, or has warned that it was not. */
    private final AtomicBoolean startedOrWarned = new AtomicBoolean();

    private final AtomicBoolean closing = new AtomicBoolean();
    /** Whether the end of the present run is waited for, to leave then. */
    private final AtomicBoolean leavesWhenStopped = new AtomicBoolean();

    /** What a thread that a stop would wait for is busy with. */
    private final ThreadLocal<Busy> busy = new ThreadLocal<>();

    private NativeElection(long number, boolean stopAtShutdown) {
        this.number = number;
        this.lease = status().lease();
        this.stopAtShutdown = stopAtShutdown;
    }

    static LeaderElection create(String[] settings, boolean stopAtShutdown) {
        return new NativeElection(Native.create(settings), stopAtShutdown);
    }

    long number() {
        return number;
    }

    @Override
    public boolean stopsAtShutdown() {
        return stopAtShutdown;
    }

    @Override
    public boolean isRunning() {
        return Native.isRunning(number);
    }

    @Override
    public void start() {
        Background.accompany(this);
        try {
            Native.start(number);
            startedOrWarned.set(true);
        } catch (RuntimeException failure) {
            Background.leave(this);
            throw failure;
        }
    }

    @Override
    public boolean isLeader() {
        return Native.isLeader(number);
    }

    @Override
    public Optional<Term> term() {
        return Optional.ofNullable(Fields.of(Native.term(number))).map(fields -> fields.term(number));
    }

    @Override
    public Duration remaining() {
        return Duration.ofNanos(Native.remaining(number));
    }

    @Override
    public Status status() {
        return Fields.of(Native.status(number)).status();
    }

    @Override
    public Term waitForLeadership(Duration timeout) throws InterruptedException {
        CompletableFuture<Term> leadership = new CompletableFuture<>();
        long limit = saturated(timeout);
        try (Registration registration = addListener(new Awaiting(leadership))) {
            if (isRunning()) {
                return leadership.get(limit, TimeUnit.NANOSECONDS);
            }
        } catch (TimeoutException | ExecutionException inVain) {
            // Said below, by whom knows why.
        }
        Native.notLeadingAfter(number, limit);
        throw new IllegalStateException("the native half did not say why");
    }

    private record Awaiting(CompletableFuture<Term> leadership) implements LeadershipListener {
        @Override
        public void acquired(Term term) {
            if (term.isValid()) {
                leadership.complete(term);
            }
        }

        @Override
        public void stopped() {
            leadership.completeExceptionally(new ClosedException("stopped"));
        }
    }

    @Override
    public <T, E extends Exception> Optional<T> callIfLeader(LeaderCall<T, E> work) throws E {
        Objects.requireNonNull(work, "work");
        Fields begun = Fields.of(Native.beginWork(number));
        if (begun == null) {
            warnUnlessStarted();
            return Optional.empty();
        }
        long underWay = begun.number("work");
        T result;
        try (Busy busy = busy()) {
            result = work.call(begun.term(number));
            LaterWork.refuse(result);
        } catch (Throwable failure) {
            Native.endWork(underWay);
            throw failure;
        }
        LaterWork.whenEnded(result, () -> Native.endWork(underWay));
        return Optional.ofNullable(result);
    }

    @Override
    public <E extends Exception> boolean runOnce(String key, LeaderTask<E> work) throws E, InterruptedException {
        Objects.requireNonNull(key, "key");
        OnceCaller<E> caller = new OnceCaller<>(this, Objects.requireNonNull(work, "work"));
        startedOrWarned.set(true);
        long call = caller.begin(key);
        try {
            // Only now: one that does not run may be let go.
            Background.accompany(this);
            return caller.call(call);
        } catch (InterruptedException interrupted) {
            leaveWhenStopped();
            throw interrupted;
        } finally {
            Native.endOnce(call);
            if (!isRunning()) {
                Background.leave(this);
            }
        }
    }

    /** An interrupt does not wait for the stop of a run that only this call may have needed. */
    private void leaveWhenStopped() {
        if (!leavesWhenStopped.compareAndSet(false, true)) {
            return;
        }
        CompletableFuture<Registration> registration = new CompletableFuture<>();
        registration.complete(addListener(new LeadershipListener() {
            @Override
            public void stopped() {
                leavesWhenStopped.set(false);
                Background.leave(NativeElection.this);
                registration.thenAccept(Registration::close);
            }
        }));
    }

    @Override
    public boolean claim(String job, Instant due) throws InterruptedException {
        return claim(job, due, Native.NONE);
    }

    @Override
    public boolean claimMissed(String job, Instant due, Duration within) throws InterruptedException {
        return claim(job, due, within.isNegative() ? 0 : saturated(within));
    }

    private boolean claim(String job, Instant due, long missedWithinNanos) throws InterruptedException {
        Objects.requireNonNull(job, "job");
        if (Thread.interrupted()) {
            throw new InterruptedException("before the firing of `" + job + "` was claimed");
        }
        long claim = Native.beginClaim(number, job, saturatedMillis(due), missedWithinNanos);
        try {
            while (true) {
                // What is known already comes before an interrupt.
                Fields known = Fields.of(Native.awaitClaim(claim, Native.SLICE_NANOS));
                if (known != null) {
                    return Boolean.parseBoolean(known.text("begun"));
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException(
                            "the firing of `" + job + "` is not to run here, and may count as begun");
                }
            }
        } finally {
            Native.endClaim(claim);
        }
    }

    @Override
    public Optional<Instant> lastFiring(String job) {
        long last = Native.lastFiring(number, Objects.requireNonNull(job, "job"));
        return last < 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(last));
    }

    /** Work that never runs is otherwise easily taken for a standby's. */
    private void warnUnlessStarted() {
        if (startedOrWarned.compareAndSet(false, true)) {
            Log.LOGGER.log(Level.WARNING, "the election for `" + lease + "` was never started: call start()");
        }
    }

    @Override
    public Registration addListener(LeadershipListener listener) {
        return ListenerThread.start(this, Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public Registration addSingletonService(SingletonService service) {
        Objects.requireNonNull(service, "service");
        return addListener(new ServiceDriver(service, work -> {
            try (Busy busy = busy()) {
                work.run();
            }
        }));
    }

    @Override
    public void stepDown() {
        Native.stepDown(number);
    }

    @Override
    public void stop() {
        stop(Native.DRAIN_AS_SET);
    }

    @Override
    public void stop(Duration drainTimeout) {
        stop(saturated(drainTimeout));
    }

    private void stop(long drain) {
        if (isBusy()) {
            Native.requestStop(number, drain);
        } else {
            Native.stop(number, drain);
            Background.leave(this);
        }
    }

    @Override
    public boolean requestStop() {
        return Native.requestStop(number, Native.DRAIN_AS_SET);
    }

    @Override
    public void checkHealth(Duration tolerance) {
        Native.checkHealth(number, saturated(tolerance));
    }

    @Override
    public String metrics() {
        return Native.metrics(number);
    }

    @Override
    public void close() {
        if (!isBusy()) {
            closeAndWait();
        } else if (closing.compareAndSet(false, true)) {
            Native.requestStop(number, Native.DRAIN_AS_SET);
            Background.daemon("leasehold-close", this::closeAndWait).start();
        }
    }

    private void closeAndWait() {
        Native.close(number);
        Background.leave(this);
    }

    // ---- threads that a stop would wait for ------------------------------------------------------------------------

    /** The calling thread is busy with this election's work, or tells its listener, until this is closed. */
    Busy busy() {
        Busy outer = busy.get();
        Busy inner = new Busy(this, outer);
        busy.set(inner);
        return inner;
    }

    record Busy(NativeElection election, Busy outer) implements AutoCloseable {
        @Override
        public void close() {
            if (outer == null) {
                election.busy.remove();
            }
        }
    }

    boolean isBusy() {
        return busy.get() != null;
    }

    /** In nanoseconds, of which a long holds enough for three centuries. */
    static long saturated(Duration duration) {
        try {
            return duration.toNanos();
        } catch (ArithmeticException tooLong) {
            return Long.MAX_VALUE;
        }
    }

    /** Since the start of 1970, of which a long holds enough for any schedule. */
    private static long saturatedMillis(Instant time) {
        try {
            return time.toEpochMilli();
        } catch (ArithmeticException tooFar) {
            return time.isBefore(Instant.EPOCH) ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }
}
