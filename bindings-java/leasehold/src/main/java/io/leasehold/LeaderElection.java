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
     * {@link #stop}. Blocks while it loads credentials, but not for the first answer of the API server.
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
     * Builder#drainTimeout} has passed; a long job should check the term from time to time. If the work uses other
     * threads, it must wait for them; or return the future, from {@link #callIfLeader}.
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
     * Does {@code work} once, no matter which replica leads: a migration of a database, an initialisation. Call it in
     * each replica: it does the work here if this instance begins to lead and nobody has done it before; otherwise it
     * waits until another has.
     *
     * <p>The key names the work and its version. When the work has ended without an exception, an annotation of the
     * Lease records the key; it keeps the last 32, so that a rollback does not run an old one again. Deleting the Lease
     * forgets them. Two candidates never work at once, but work that was interrupted, or whose end could not be
     * recorded, begins again: at least once. The term that {@code work} receives says when to stop, and has the fencing
     * token. If the work uses other threads, it must wait for them.
     *
     * <p>If the work fails, this instance steps down, and its exception is thrown. Another candidate begins it again
     * after a retry period, then two, and so on; after five attempts all give up.
     *
     * <p>Starts the election if it does not run, and then stops it at the end. In mode {@code always} each call does
     * the work, since nothing is remembered; in mode {@code never} none does.
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
     * Claims a firing of a scheduled job, if this instance leads: returns true if nobody has begun this firing or a
     * later one of the {@code job}; from then on nobody else begins it, no matter who leads. So a firing never runs
     * twice, even if leadership changes just then, or another clock is late. Returns false if it has begun already.
     * Call it within {@link #runIfLeader(LeaderTask)}, so that the Lease is not released before the work has ended.
     *
     * <pre>{@code
     * election.runIfLeader(term -> {
     *     if (election.claim("billing.invoices", due)) {
     *         sendInvoices();
     *     }
     * });
     * }</pre>
     *
     * <p>{@code due} is the time at which the schedule has this firing, to the millisecond: the same in each replica,
     * and not the time of the call. An annotation of the Lease records it before this returns, so a firing whose work
     * was interrupted, or whose record was not confirmed, does not run again: at most once. The Lease remembers the
     * last firings of 128 jobs; deleting it forgets them. In mode {@code always} this always returns true.
     *
     * <p>Blocks for one write of the Lease, at most for {@link Builder#renewDeadline}. If it throws, do not run the
     * firing.
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
     * As {@link #claim}, for a firing that may have been missed because the leader had died, or nobody led. Call it
     * when this instance begins to lead, with the schedule's latest firing before now. Also returns false if that was
     * longer than {@code within} ago, or if no firing of the job is known: a job that never ran has missed nothing.
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
     * When the last firing of a job that has begun was due, as far as this instance knows; exact while it leads.
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
     * is released. Returns when all that is done, at most drain timeout and renew deadline later; in mode
     * {@code file} the renew deadline more if the disk hangs. Does nothing if it does not run; {@link #start} may be
     * called again.
     *
     * <p>If a listener or guarded work of this election calls it, it only begins to stop, since it would wait for
     * itself.
     */
    void stop();

    /**
     * As {@link #stop}, with another limit for the work than {@link Builder#drainTimeout}. It can shorten a stop that
     * is under way, never prolong it.
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
     * The settings of one election. {@link #build} checks them, and its messages name a setting as in every language
     * and in the environment: {@code lease_duration} for {@link #leaseDuration}, and so on.
     */
    final class Builder extends ElectionSettings<Builder> {
        private boolean stopAtShutdown = true;

        private Builder() {}

        /**
         * Whether the election stops by itself when the JVM shuts down. Default: true. Frameworks with their own order
         * of shutdown turn it off, and {@link LeaderElection#close} the election last.
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
