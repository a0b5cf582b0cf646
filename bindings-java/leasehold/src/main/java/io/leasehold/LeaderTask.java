package io.leasehold;

/**
 * Work that only the leader does.
 *
 * @param <E> what it may throw
 */
@FunctionalInterface
public interface LeaderTask<E extends Exception> {
    /**
     * Does the work.
     *
     * @param term the term under which it began; a long job checks it on its way
     * @throws E passed on to the caller
     */
    void run(Term term) throws E;
}
