package io.leasehold.test;

import io.leasehold.Loss;
import io.leasehold.LostReason;
import io.leasehold.Term;
import java.time.Duration;

/** A loss in a test, where nobody waits for the work to stop. */
record TestLoss(Term term, LostReason reason) implements Loss {
    @Override
    public Duration timeLeft() {
        return TestTerm.FOR_NOW;
    }
}
