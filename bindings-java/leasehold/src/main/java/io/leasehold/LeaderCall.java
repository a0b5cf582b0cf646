package io.leasehold;

/**
 * Work that only the leader does, and what comes of it.
 *
 * @param <T> the result
 * @param <E> what it may throw
 */
@FunctionalInterface
public interface LeaderCall<T, E extends Exception> {
    /**
     * Does the work.
     *
     * @param term the term under which it began; a long job checks it on its way
     * @return the result
     * @throws E passed on to the caller
     */
    T call(Term term) throws E;
}
