package io.leasehold.spring;

import io.leasehold.ConfigException;
import io.leasehold.LeaderCall;
import io.leasehold.LeaderElection;
import io.leasehold.LeaderTask;
import io.leasehold.Term;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Which instance of this application leads. Inject it, and ask:
 *
 * <pre>{@code
 * @Scheduled(cron = "0 0 2 * * *")
 * void billing() {
 *     if (!clusterLeaderService.isThisInstanceLeader()) {
 *         return;
 *     }
 *     // This instance, and no other.
 * }
 * }</pre>
 *
 * <p>The election that {@code leasehold.lease} names is the lock {@value #DEFAULT_LOCK}; each {@code
 * leasehold.locks.<name>} is one more, with a Lease of its own. A name that is not configured is a {@link
 * ConfigException} that lists those that are: a lock of a misspelt name would exclude nobody.
 *
 * <p>Every method may be called from any thread. Before the context starts, and once it has begun to stop, this
 * instance does not lead.
 */
public interface ClusterLeaderService {
    /** The lock that the methods without a name mean. */
    String DEFAULT_LOCK = "default";

    /**
     * A service with one election behind whatever lock is asked for, so that a misspelt name goes unnoticed: for tests, as
     * a bean that takes the place of the starter's, with the election of {@code leasehold-test}.
     *
     * @param election what decides who leads; starting and stopping it is the caller's
     * @return the service
     */
    static ClusterLeaderService of(LeaderElection election) {
        Objects.requireNonNull(election, "election");
        return new ClusterLeaderService() {
            @Override
            public Set<String> locks() {
                return Set.of(DEFAULT_LOCK);
            }

            @Override
            public LeaderElection election(String lock) {
                return election;
            }
        };
    }

    /**
     * The names of all locks.
     *
     * @return at least one
     */
    Set<String> locks();

    /**
     * The election behind a lock, for what is not offered here: waiting, listeners, singleton services.
     *
     * @param lock its name
     * @return the election, which starts and stops with the context
     * @throws ConfigException where there is no such lock
     */
    LeaderElection election(String lock);

    /**
     * The election behind the lock {@value #DEFAULT_LOCK}.
     *
     * @return the election, which starts and stops with the context
     * @throws ConfigException where only named locks are configured
     */
    default LeaderElection election() {
        return election(DEFAULT_LOCK);
    }

    /**
     * Whether this instance is the leader at this very call. Compares a deadline with the clock, in some tens of
     * nanoseconds. Work that takes longer is better guarded by {@link #runIfLeader(Runnable)} or {@link LeaderOnly},
     * which hold the Lease until it ends.
     *
     * @return false in any doubt
     * @throws ConfigException where only named locks are configured
     */
    default boolean isThisInstanceLeader() {
        return isThisInstanceLeader(DEFAULT_LOCK);
    }

    /**
     * As {@link #isThisInstanceLeader()}, for a named lock.
     *
     * @param lock its name
     * @return false in any doubt
     * @throws ConfigException where there is no such lock
     */
    default boolean isThisInstanceLeader(String lock) {
        return election(lock).isLeader();
    }

    /**
     * Runs {@code work} here and now if this instance leads. The Lease is not released before it returns, or {@code
     * leasehold.drain-timeout} has passed. What it hands to other threads, it waits for; or it returns the future, to
     * {@link #callIfLeader(LeaderCall)}.
     *
     * @param work what to do
     * @return whether it ran
     */
    default boolean runIfLeader(Runnable work) {
        return runIfLeader(DEFAULT_LOCK, work);
    }

    /**
     * As {@link #runIfLeader(Runnable)}, for a named lock.
     *
     * @param lock its name
     * @param work what to do
     * @return whether it ran
     * @throws ConfigException where there is no such lock
     */
    default boolean runIfLeader(String lock, Runnable work) {
        Objects.requireNonNull(work, "work");
        return runIfLeader(lock, term -> work.run());
    }

    /**
     * As {@link #runIfLeader(Runnable)}, for work that checks its term or sends the fencing token along.
     *
     * @param <E> what the work may throw
     * @param work what to do
     * @return whether it ran
     * @throws E from the work
     */
    default <E extends Exception> boolean runIfLeader(LeaderTask<E> work) throws E {
        return runIfLeader(DEFAULT_LOCK, work);
    }

    /**
     * As {@link #runIfLeader(LeaderTask)}, for a named lock.
     *
     * @param <E> what the work may throw
     * @param lock its name
     * @param work what to do
     * @return whether it ran
     * @throws E from the work
     * @throws ConfigException where there is no such lock
     */
    default <E extends Exception> boolean runIfLeader(String lock, LeaderTask<E> work) throws E {
        Objects.requireNonNull(work, "work");
        boolean[] ran = {false};
        callIfLeader(lock, term -> {
            ran[0] = true;
            work.run(term);
            return null;
        });
        return ran[0];
    }

    /**
     * As {@link #runIfLeader(LeaderTask)}, for work with a result. One that is a {@code Future} or {@code CompletionStage} is
     * returned at once, and the Lease held until it has completed.
     *
     * @param <T> the result
     * @param <E> what the work may throw
     * @param work what to do
     * @return the result; empty where this instance does not lead, or the result is null
     * @throws E from the work
     */
    default <T, E extends Exception> Optional<T> callIfLeader(LeaderCall<T, E> work) throws E {
        return callIfLeader(DEFAULT_LOCK, work);
    }

    /**
     * As {@link #callIfLeader(LeaderCall)}, for a named lock.
     *
     * @param <T> the result
     * @param <E> what the work may throw
     * @param lock its name
     * @param work what to do
     * @return the result; empty where this instance does not lead, or the result is null
     * @throws E from the work
     * @throws ConfigException where there is no such lock
     */
    default <T, E extends Exception> Optional<T> callIfLeader(String lock, LeaderCall<T, E> work) throws E {
        Objects.requireNonNull(work, "work");
        return election(lock).callIfLeader(term -> LeaderAssert.guarded(lock, term, work));
    }

    /**
     * The term under which this instance leads, with its fencing token.
     *
     * @return empty when it does not lead
     */
    default Optional<Term> currentTerm() {
        return currentTerm(DEFAULT_LOCK);
    }

    /**
     * As {@link #currentTerm()}, for a named lock.
     *
     * @param lock its name
     * @return empty when this instance does not lead
     * @throws ConfigException where there is no such lock
     */
    default Optional<Term> currentTerm(String lock) {
        return election(lock).term();
    }

    /**
     * Stops leading, and holds back for one lease duration so that another instance may lead. Work in {@link
     * #runIfLeader(Runnable)} and {@link LeaderOnly} methods is waited for before the Lease is released. The answer is
     * false when it returns.
     */
    default void stepDown() {
        stepDown(DEFAULT_LOCK);
    }

    /**
     * As {@link #stepDown()}, for a named lock.
     *
     * @param lock its name
     * @throws ConfigException where there is no such lock
     */
    default void stepDown(String lock) {
        election(lock).stepDown();
    }
}
