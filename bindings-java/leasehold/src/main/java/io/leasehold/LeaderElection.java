package io.leasehold;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One candidate in the election for one Lease. Have as many as there are Leases: all elections of a process share one
 * background thread.
 *
 * <pre>{@code
 * try (LeaderElection election = LeaderElection.builder("monolith-jobs").start()) {
 *     if (election.isLeader()) {
 *         // This instance, and no other, runs the scheduled job.
 *     }
 * }
 * }</pre>
 *
 * <p>Every method may be called from any thread. After {@link #close} this instance does not lead: {@link #isLeader} is
 * false, no work runs, and stopping and closing do nothing; all others throw {@link ClosedException}.
 *
 * <p>An election that runs is stopped when the JVM shuts down: by {@code System.exit}, by SIGTERM, or because the last
 * thread that is not a daemon has ended. No thread of Leasehold's keeps a JVM from exiting.
 */
public interface LeaderElection extends AutoCloseable {
    /**
     * An election for the Lease of this name. Everything else that is left out comes from the environment ({@code
     * LEASEHOLD_…}, the setting's name in capitals) and else has a default.
     *
     * @param lease the name of the Lease
     * @return the settings, to be completed
     */
    static Builder builder(String lease) {
        String advice = "lease = null: name the Lease, or call builder() for the one that LEASEHOLD_LEASE names";
        return builder().set("lease", Objects.requireNonNull(lease, advice));
    }

    /**
     * An election for the Lease that {@code LEASEHOLD_LEASE} names.
     *
     * @return the settings, to be completed
     */
    static Builder builder() {
        return new Builder();
    }

    /**
     * Takes part from now on, under a new random identity. Does nothing if it runs already; may be called again after
     * {@link #stop}. Blocks while credentials are loaded, but not for the first answer of the API server.
     *
     * @throws ConfigException if credentials or folder cannot be used
     */
    void start();

    /**
     * Whether this instance is the leader now. Compares a deadline with a clock that counts suspend, at each call: it is
     * false the moment a paused, suspended or partitioned process wakes. Takes some tens of nanoseconds, never throws, and
     * is false after {@link #close}.
     *
     * @return whether it leads
     */
    boolean isLeader();

    /**
     * The term under which this instance leads.
     *
     * @return empty when it does not, and for an instant after {@link #isLeader} turned true, which is published before
     *     any listener is called
     */
    Optional<Term> term();

    /**
     * The holder that the Lease names, as last observed. Tells nothing about who may act now.
     *
     * @return its identity, or empty
     */
    default Optional<String> leader() {
        return Optional.ofNullable(status().holder());
    }

    /**
     * How long the leadership lasts unless it is renewed.
     *
     * @return zero when there is none
     */
    Duration remaining();

    /**
     * How the election stands.
     *
     * @return the status
     */
    Status status();

    /**
     * Waits until this instance leads.
     *
     * @param timeout how long at most
     * @return the term
     * @throws TimedOutException says why it does not lead
     * @throws ClosedException if the election does not run, or stops
     * @throws InterruptedException if the thread is interrupted
     */
    Term waitForLeadership(Duration timeout) throws InterruptedException;

    /**
     * Runs {@code work} here and now if this instance leads. The Lease is not released before it returns, or {@link
     * Builder#drainTimeout} has passed; a long job checks the term on its way. What it hands to other threads, it waits
     * for; or it returns the future, to {@link #callIfLeader}.
     *
     * @param <E> what the work may throw
     * @param work what to do
     * @return whether it ran
     * @throws E from the work
     */
    default <E extends Exception> boolean runIfLeader(LeaderTask<E> work) throws E {
        Objects.requireNonNull(work, "work");
        boolean[] ran = {false};
        callIfLeader(term -> {
            ran[0] = true;
            work.run(term);
            return null;
        });
        return ran[0];
    }

    /**
     * As {@link #runIfLeader(LeaderTask)}, for work that needs no term.
     *
     * @param work what to do
     * @return whether it ran
     */
    default boolean runIfLeader(Runnable work) {
        Objects.requireNonNull(work, "work");
        return runIfLeader(term -> work.run());
    }

    /**
     * As {@link #runIfLeader(LeaderTask)}, for work with a result. One that is a {@code Future} or {@code CompletionStage} is
     * returned at once, and the Lease held until it has completed.
     *
     * @param <T> the result
     * @param <E> what the work may throw
     * @param work what to do
     * @return the result; empty if this instance does not lead, or the result is null
     * @throws E from the work
     * @throws IllegalStateException if the result is one whose work is done later, such as a stream or an iterator
     */
    <T, E extends Exception> Optional<T> callIfLeader(LeaderCall<T, E> work) throws E;

    /**
     * Does {@code work} once and for all, no matter who leads: a migration of a database, an initialisation. Here, if this
     * instance comes to lead and nobody has done it before; otherwise it waits for the one that does. To be called in each
     * replica.
     *
     * <p>The key names the work and its version, and is kept in an annotation of the Lease when the work has ended without an
     * exception; the last 32 are, so that a rollback does not run an old one again. Deleting the Lease forgets them. Never do
     * two candidates work at once, but an interrupted work is begun again, as is one whose end could not be recorded: at least
     * once. The term that {@code work} is given says when to stop, and has the fencing token. What the work hands to other
     * threads, it waits for.
     *
     * <p>Work that fails has this instance step down, and its exception thrown. Another candidate begins it again, after a
     * retry period, then two, and so on; after five attempts all who wait give up.
     *
     * <p>Starts the election if it does not run, and then stops it in the end. In mode {@code always} the work is done at
     * each call, since nothing is remembered; in mode {@code never} at none.
     *
     * @param <E> what the work may throw
     * @param key names the work and its version: 1 to 128 visible ASCII characters without spaces
     * @param work what to do
     * @return whether it was done here; false if another has done it, or had before
     * @throws E from the work
     * @throws ConfigException for a key that cannot be one, or if credentials or folder cannot be used
     * @throws WorkFailedException says what it has failed with, as often as it may
     * @throws ClosedException if the election is stopped; also for guarded work and listeners while it stops
     * @throws CorruptException if what the Lease remembers cannot be understood
     * @throws InterruptedException if the thread is interrupted while it waits, or from the work, which is then left to
     *     others
     */
    <E extends Exception> boolean runOnce(String key, LeaderTask<E> work) throws E, InterruptedException;

    /**
     * Begins a firing of a scheduled job, if this instance leads: returns true if nobody has begun it before, nor a later one
     * of the {@code job}, and from now on nobody will, no matter who leads. So one firing never runs twice, also where
     * leadership changes within it, or another clock is late. Returns false if it was begun already. To be called within {@link
     * #runIfLeader(LeaderTask)}, so that the Lease is not released before the work has ended.
     *
     * <pre>{@code
     * election.runIfLeader(term -> {
     *     if (election.claim("billing.invoices", due)) {
     *         sendInvoices();
     *     }
     * });
     * }</pre>
     *
     * <p>{@code due} is the time for which the schedule has this firing, to the millisecond: the same in each replica, and not
     * the time of the call. It is recorded in an annotation of the Lease before this returns, so a firing whose work is
     * interrupted, or whose record was not confirmed, is not run again: at most once. The last firings of 128 jobs are
     * remembered; deleting the Lease forgets them. In mode {@code always} it is always true.
     *
     * <p>Blocks for one write of the Lease, and for no longer than {@link Builder#renewDeadline}. When it throws, the firing is
     * not to be run.
     *
     * @param job its name: 1 to 128 visible ASCII characters without spaces
     * @param due when this firing is due
     * @return whether this call has begun it
     * @throws LeadershipLostException if this instance does not lead, or no longer when it is recorded
     * @throws ClosedException if the election does not run
     * @throws ConfigException for a job that cannot be one, one too many for the Lease, or a {@code due} that is ahead
     * @throws CorruptException if what the Lease remembers cannot be understood
     * @throws LeaseholdException why it could not be recorded
     * @throws InterruptedException if the thread is interrupted; the firing may count as begun
     */
    boolean claim(String job, Instant due) throws InterruptedException;

    /**
     * As {@link #claim}, for a firing that may have been missed: the leader had died, or nobody led. To be called when this
     * instance comes to lead, with the latest time before now for which the schedule has a firing. Returns false also if that
     * was longer than {@code within} ago, or if no firing of the job is known, since what was never begun was not missed.
     *
     * @param job its name
     * @param due when this firing was due
     * @param within how long ago at most
     * @return whether this call has begun it
     * @throws LeaseholdException as {@link #claim}
     * @throws InterruptedException if the thread is interrupted; the firing may count as begun
     */
    boolean claimMissed(String job, Instant due, Duration within) throws InterruptedException;

    /**
     * When the firing of a job was due that was begun last, as far as this instance knows; as it is, while it leads.
     *
     * @param job its name
     * @return empty if none is known
     * @throws ConfigException for a job that cannot be one
     * @throws CorruptException if what the Lease remembers cannot be understood
     */
    Optional<Instant> lastFiring(String job);

    /**
     * Calls {@code listener} with all events, on a daemon thread of its own; at once, if this instance leads already.
     *
     * @param listener whom to call
     * @return ends it when closed
     */
    Registration addListener(LeadershipListener listener);

    /**
     * Runs {@code service} while this instance leads.
     *
     * @param service what to run
     * @return ends it when closed
     */
    default Registration addSingletonService(SingletonService service) {
        Objects.requireNonNull(service, "service");
        return addListener(new ServiceDriver(service, Runnable::run));
    }

    /**
     * Stops leading, as {@link #stop} does but without waiting for it, and holds back for one lease duration so that
     * another candidate may lead. The answer is false when it returns. Nothing happens if it does not lead.
     */
    void stepDown();

    /**
     * Stops: the answer turns false at once, listeners are called and waited for while renewal goes on, then the Lease
     * is released. Returns when all that is done, at most drain timeout and renew deadline later. Does nothing if it
     * does not run; {@link #start} may be called again.
     *
     * <p>Called from a listener or from guarded work of this election, which it would wait for, it only begins to stop.
     */
    void stop();

    /**
     * As {@link #stop}, with a limit of its own for the work in place of {@link Builder#drainTimeout}. A stop that is
     * under way is hastened, never slowed down.
     *
     * @param drainTimeout how long guarded work may take to stop
     */
    void stop(Duration drainTimeout);

    /**
     * Begins to stop and returns at once. {@link LeadershipListener#stopped} tells when that is done.
     *
     * @return whether the election was running; false for one that is closed
     */
    boolean requestStop();

    /**
     * Fails if the election does not work as it should, for a liveness probe: a standby is healthy, and so is a
     * candidate whose API server is down. Not so an election whose background thread is stuck, nor one that the Lease
     * still names {@code tolerance} after it expired.
     *
     * @param tolerance how late it may be
     * @throws InternalException if the election is stuck
     * @throws LeadershipLostException if it let its Lease expire
     */
    void checkHealth(Duration tolerance);

    /**
     * The election's metrics in the Prometheus text format, under client-go's names if it has them.
     *
     * @return the metrics
     */
    String metrics();

    /**
     * Stops as {@link #stop} does, and frees what the election holds. Does nothing the second time.
     */
    @Override
    void close();

    /**
     * The settings of one election. What is wrong with them is said by {@link #build}, in a message that calls a setting
     * by the name that it has in every language and in the environment: {@code lease_duration} for {@link #leaseDuration},
     * and so on.
     */
    final class Builder extends ElectionSettings<Builder> {
        private boolean stopAtShutdown = true;

        private Builder() {}

        /**
         * Whether the election stops by itself when the JVM shuts down. Default: true. Frameworks that end work in an order of
         * their own turn it off, and {@link LeaderElection#close} the election last.
         *
         * @param stopAtShutdown whether it does
         * @return this
         */
        public Builder stopAtShutdown(boolean stopAtShutdown) {
            this.stopAtShutdown = stopAtShutdown;
            return this;
        }

        /**
         * An election that does not take part yet.
         *
         * @return the election
         * @throws ConfigException names the wrong setting, its value and the fix
         * @throws NativeLibraryException if the native half cannot be loaded, which modes {@link Mode#ALWAYS} and {@link
         *     Mode#NEVER} do without
         */
        public LeaderElection build() {
            try {
                NativeLibrary.load();
            } catch (NativeLibraryException missing) {
                LeaderElection fixed = FixedElection.create(settings(), stopAtShutdown, missing);
                if (fixed != null) {
                    return fixed;
                }
                throw missing;
            }
            return NativeElection.create(settings().toArray(String[]::new), stopAtShutdown);
        }

        /**
         * An election that takes part from now on.
         *
         * @return the election
         * @throws ConfigException names the wrong setting, its value and the fix
         * @throws NativeLibraryException if the native half cannot be loaded, which modes {@link Mode#ALWAYS} and {@link
         *     Mode#NEVER} do without
         */
        public LeaderElection start() {
            LeaderElection election = build();
            try {
                election.start();
                return election;
            } catch (RuntimeException | Error failure) {
                election.close();
                throw failure;
            }
        }
    }
}
