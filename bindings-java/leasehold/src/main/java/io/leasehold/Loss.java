package io.leasehold;

import java.time.Duration;

/** The end of a term. Use it from any thread. */
public interface Loss {
    /**
     * The term that is over.
     *
     * @return the term
     */
    Term term();

    /**
     * Why.
     *
     * @return the reason
     */
    LostReason reason();

    /**
     * How long the term's work may still go on: before that, no other candidate leads. Ask again rather than keep the
     * answer: it shrinks when renewals fail.
     *
     * @return zero if another may lead already, and once the listener has returned
     */
    Duration timeLeft();
}
