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
 * <p>The election that {@code leasehold.lease} names is called {@value #DEFAULT_ELECTION}; each {@code
 * leasehold.elections.<name>} is one more, with a Lease of its own. A name that is not configured is a {@link
 * ConfigException} that lists those that are: an election of a misspelt name would exclude nobody.
 *
 * <p>Every method may be called from any thread. Before the context starts, and once it has begun to stop, this
 * instance does not lead.
 */
public interface ClusterLeaderService {
    /** The election that the methods without a name mean. */
    String DEFAULT_ELECTION = "default";

    /**
     * A service with the same election under each name, so that it does not notice a misspelt one: for tests, as a bean
     * that replaces the starter's, with the election of {@code leasehold-test}.
     *
     * @param election what decides who leads; starting and stopping it is the caller's
     * @return the service
     */
    static ClusterLeaderService of(LeaderElection election) {
        Objects.requireNonNull(election, "election");
        return new ClusterLeaderService() {
            @Override
            public Set<String> electionNames() {
                return Set.of(DEFAULT_ELECTION);
            }

            @Override
            public LeaderElection election(String name) {
                return election;
            }
        };
    }

    /**
     * The names of all elections.
     *
     * @return at least one
     */
    Set<String> electionNames();

    /**
     * The election of this name, for everything else: waiting, listeners, singleton services, work that runs once,
     * claims of firings.
     *
     * @param name its name
     * @return the election, which starts and stops with the context
     * @throws ConfigException if there is no such election
     */
    LeaderElection election(String name);

    /**
     * The election {@value #DEFAULT_ELECTION}.
     *
     * @return the election, which starts and stops with the context
     * @throws ConfigException if only named elections are configured
     */
    default LeaderElection election() {
        return election(DEFAULT_ELECTION);
    }

    /**
     * Whether this instance is the leader at this very call. Compares a deadline with the clock, in some tens of
     * nanoseconds. Work that takes longer is better guarded by {@link #runIfLeader(Runnable)} or {@link LeaderOnly},
     * which hold the Lease until it ends.
     *
     * @return false in any doubt
     * @throws ConfigException if only named elections are configured
     */
    default boolean isThisInstanceLeader() {
        return isThisInstanceLeader(DEFAULT_ELECTION);
    }

    /**
     * As {@link #isThisInstanceLeader()}, for a named election.
     *
     * @param name its name
     * @return false in any doubt
     * @throws ConfigException if there is no such election
     */
    default boolean isThisInstanceLeader(String name) {
        return election(name).isLeader();
    }

    /**
     * Runs {@code work} here and now if this instance leads. The Lease is not released before it returns, or {@code
     * leasehold.drain-timeout} has passed. If the work uses other threads, it must wait for them; or return the future,
     * from {@link #callIfLeader(LeaderCall)}.
     *
     * @param work what to do
     * @return whether it ran
     */
    default boolean runIfLeader(Runnable work) {
        return runIfLeader(DEFAULT_ELECTION, work);
    }

    /**
     * As {@link #runIfLeader(Runnable)}, for a named election.
     *
     * @param name its name
     * @param work what to do
     * @return whether it ran
     * @throws ConfigException if there is no such election
     */
    default boolean runIfLeader(String name, Runnable work) {
        Objects.requireNonNull(work, "work");
        return runIfLeader(name, term -> work.run());
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
        return runIfLeader(DEFAULT_ELECTION, work);
    }

    /**
     * As {@link #runIfLeader(LeaderTask)}, for a named election.
     *
     * @param <E> what the work may throw
     * @param name its name
     * @param work what to do
     * @return whether it ran
     * @throws E from the work
     * @throws ConfigException if there is no such election
     */
    default <E extends Exception> boolean runIfLeader(String name, LeaderTask<E> work) throws E {
        Objects.requireNonNull(work, "work");
        boolean[] ran = {false};
        callIfLeader(name, term -> {
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
     * @return the result; empty if this instance does not lead, or the result is null
     * @throws E from the work
     */
    default <T, E extends Exception> Optional<T> callIfLeader(LeaderCall<T, E> work) throws E {
        return callIfLeader(DEFAULT_ELECTION, work);
    }

    /**
     * As {@link #callIfLeader(LeaderCall)}, for a named election.
     *
     * @param <T> the result
     * @param <E> what the work may throw
     * @param name its name
     * @param work what to do
     * @return the result; empty if this instance does not lead, or the result is null
     * @throws E from the work
     * @throws ConfigException if there is no such election
     */
    default <T, E extends Exception> Optional<T> callIfLeader(String name, LeaderCall<T, E> work) throws E {
        Objects.requireNonNull(work, "work");
        return election(name).callIfLeader(term -> LeaderAssert.guarded(name, term, work));
    }

    /**
     * The term under which this instance leads, with its fencing token.
     *
     * @return empty when it does not lead
     */
    default Optional<Term> currentTerm() {
        return currentTerm(DEFAULT_ELECTION);
    }

    /**
     * As {@link #currentTerm()}, for a named election.
     *
     * @param name its name
     * @return empty when this instance does not lead
     * @throws ConfigException if there is no such election
     */
    default Optional<Term> currentTerm(String name) {
        return election(name).term();
    }

    /**
     * Stops leading, and holds back for one lease duration so that another instance may lead. The Lease is not released
     * before work in {@link #runIfLeader(Runnable)} and {@link LeaderOnly} methods has ended. The answer is false when
     * it returns.
     */
    default void stepDown() {
        stepDown(DEFAULT_ELECTION);
    }

    /**
     * As {@link #stepDown()}, for a named election.
     *
     * @param name its name
     * @throws ConfigException if there is no such election
     */
    default void stepDown(String name) {
        election(name).stepDown();
    }
}
