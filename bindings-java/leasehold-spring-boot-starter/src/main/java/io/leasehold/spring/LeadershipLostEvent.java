package io.leasehold.spring;

import io.leasehold.Loss;
import io.leasehold.LostReason;
import io.leasehold.Term;

/**
 * This instance no longer leads: stop the guarded work, then return. The Lease is not released before every listener
 * has returned, or {@code leasehold.drain-timeout} has passed. It does not wait for asynchronous listeners. A listener
 * may close the context; call {@code System.exit}, which does not return, on another thread.
 *
 * @param election the election's name
 * @param loss the term that is over, why, and how long its work may still go on
 */
public record LeadershipLostEvent(String election, Loss loss) implements LeadershipEvent {
    /**
     * The term that is over.
     *
     * @return the term
     */
    public Term term() {
        return loss.term();
    }

    /**
     * Why.
     *
     * @return the reason
     */
    public LostReason reason() {
        return loss.reason();
    }
}
