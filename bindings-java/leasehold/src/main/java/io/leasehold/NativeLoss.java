package io.leasehold;

import java.time.Duration;

/** A loss that a listener learns of; the native half knows it while the listener is busy with it. */
record NativeLoss(long listener, Term term, LostReason reason) implements Loss {
    @Override
    public Duration timeLeft() {
        return Duration.ofNanos(Native.lossTimeLeft(listener, term.fencingToken()));
    }

    @Override
    public String toString() {
        return "Loss[term=" + term + ", reason=" + reason + "]";
    }
}
