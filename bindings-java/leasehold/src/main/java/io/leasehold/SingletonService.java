package io.leasehold;

/**
 * A program that runs on the leader only: started with each term, stopped before the Lease is given to another. Called on
 * a daemon thread of its own, never two calls at once.
 */
public interface SingletonService {
    /**
     * This instance leads now. Return soon: start the work, do not do it here.
     *
     * @param term the term under which it runs
     * @throws Exception is logged; {@link #stop} is called at the end of the term all the same
     */
    void start(Term term) throws Exception;

    /**
     * This instance no longer leads, or the registration was closed. Return when the work has stopped, within
     * {@link LeaderElection.Builder#drainTimeout}.
     *
     * @throws Exception is logged
     */
    void stop() throws Exception;
}
