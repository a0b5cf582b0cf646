package io.leasehold;

import java.time.Duration;
import java.time.Instant;

/** A term of a native election, known there by its fencing token. */
record NativeTerm(
        long election, long fencingToken, int transitions, String leaseUid, Instant acquiredAt, Acquisition acquisition)
        implements Term {
    @Override
    public boolean isValid() {
        return Native.isTermValid(election, fencingToken);
    }

    @Override
    public Duration remaining() {
        return Duration.ofNanos(Native.termRemaining(election, fencingToken));
    }

    @Override
    public void check() {
        Native.checkTerm(election, fencingToken);
    }

    @Override
    public String toString() {
        return "Term[fencingToken=" + fencingToken + ", transitions=" + transitions + ", isValid=" + isValid() + "]";
    }
}
