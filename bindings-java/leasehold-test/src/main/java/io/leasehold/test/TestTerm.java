package io.leasehold.test;

import io.leasehold.Acquisition;
import io.leasehold.ErrorKind;
import io.leasehold.Term;
import java.time.Duration;
import java.time.Instant;

/** A term that lasts until the test ends it. */
record TestTerm(TestLeaderElection election, long fencingToken, int transitions, Instant acquiredAt) implements Term {
    /** Longer than a test. */
    static final Duration FOR_NOW = Duration.ofSeconds(10);

    @Override
    public String leaseUid() {
        return "test";
    }

    @Override
    public Acquisition acquisition() {
        return Acquisition.FREE;
    }

    @Override
    public boolean isValid() {
        return election.leadsUnder(this);
    }

    @Override
    public Duration remaining() {
        return isValid() ? FOR_NOW : Duration.ZERO;
    }

    @Override
    public void check() {
        if (!isValid()) {
            throw ErrorKind.LEADERSHIP_LOST.exception(
                    "the term with fencing token " + fencingToken + " is over: stop its work");
        }
    }

    @Override
    public String toString() {
        return "TestTerm[fencingToken=" + fencingToken + ", isValid=" + isValid() + "]";
    }
}
