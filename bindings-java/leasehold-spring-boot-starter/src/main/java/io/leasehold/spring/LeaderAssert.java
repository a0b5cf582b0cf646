package io.leasehold.spring;

import io.leasehold.LeaderCall;
import io.leasehold.LeadershipLostException;
import io.leasehold.Term;

/**
 * Tells a method that must only run on the leader whether it really does: {@link LeaderOnly} does nothing where a
 * method is called past its proxy, as by another method of its own class.
 *
 * <pre>{@code
 * @LeaderOnly("billing")
 * @Scheduled(cron = "0 0 2 * * *")
 * void billing() {
 *     Term term = LeaderAssert.assertLeader("billing");
 *     invoices.send(term.fencingToken());
 * }
 * }</pre>
 *
 * <p>The thread decides: what a guarded method hands to another thread is not guarded there.
 */
public final class LeaderAssert {
    private static final ThreadLocal<Guard> GUARD = new ThreadLocal<>();

    /** What the current thread does under a term, and what it did when it began to. */
    private record Guard(String election, Term term, Guard outer) {}

    private LeaderAssert() {}

    /**
     * As {@link #assertLeader(String)}, for the election {@value ClusterLeaderService#DEFAULT_ELECTION}.
     *
     * @return the term under which the guarded work began
     */
    public static Term assertLeader() {
        return assertLeader(ClusterLeaderService.DEFAULT_ELECTION);
    }

    /**
     * Fails unless the calling thread is within a {@link LeaderOnly} method, or a {@code runIfLeader} or {@code
     * callIfLeader} of {@link ClusterLeaderService}, of this election.
     *
     * @param name its name
     * @return the term under which the guarded work began
     * @throws IllegalStateException if it is not within
     * @throws LeadershipLostException if the term is over by now
     */
    public static Term assertLeader(String name) {
        for (Guard guard = GUARD.get(); guard != null; guard = guard.outer()) {
            if (guard.election().equals(name)) {
                guard.term().check();
                return guard.term();
            }
        }
        throw new IllegalStateException("this runs unguarded by the election `" + name
                + "`: call the @LeaderOnly method through its bean, not through `this`, or use runIfLeader");
    }

    static <T, E extends Exception> T guarded(String name, Term term, LeaderCall<T, E> work) throws E {
        Guard outer = GUARD.get();
        GUARD.set(new Guard(name, term, outer));
        try {
            return work.call(term);
        } finally {
            if (outer == null) {
                GUARD.remove();
            } else {
                GUARD.set(outer);
            }
        }
    }
}
