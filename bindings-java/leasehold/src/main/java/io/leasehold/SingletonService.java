package io.leasehold;

/**
 * A program that runs on the leader only: started with each term, stopped before the Lease is given to another. Called on
 * daemon threads of its own; never two calls at once, unless {@link #start} takes longer than a second.
 */
public interface SingletonService {
    /**
     * This instance leads now. Start the work and return. A call that lasts is waited for before the Lease is given to
     * another, and {@link #stop} is called meanwhile.
     *
     * @param term the term under which it runs
     * @throws Exception is logged; {@link #stop} is called at the end of the term nevertheless
     */
    void start(Term term) throws Exception;

    /**
     * This instance no longer leads, or the registration was closed. Return when the work has stopped, within
     * {@link LeaderElection.Builder#drainTimeout}. Called once more if {@link #start} has returned only after it.
     *
     * @throws Exception is logged
     */
    void stop() throws Exception;
}
