package io.leasehold.candidate;

import io.leasehold.LeaderElection;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Asks an election whether it leads, and reports each change. {@code tests/lib.rs} says why like this. */
final class Sampler {
    private static final long PERIOD_NANOS =
            1_000_000 * Long.parseLong(System.getenv().getOrDefault("CANDIDATE_PERIOD_MS", "1"));

    private final LeaderElection election;
    private final long renewDeadlineNanos;
    private final Report report;
    private boolean wasLeader;
    private long askedAt = now();

    /** What is done with a change of the answer, and the time on {@code CLOCK_MONOTONIC} that was read before it. */
    interface Report {
        void changed(boolean isLeader, long moment);
    }

    Sampler(LeaderElection election, Duration renewDeadline, Report report) {
        this.election = election;
        this.renewDeadlineNanos = renewDeadline.toNanos();
        this.report = report;
    }

    boolean wasLeader() {
        return wasLeader;
    }

    /** Asks once. */
    void sample() {
        long moment = now();
        boolean isLeader = election.isLeader();
        if (isLeader && wasLeader && moment - askedAt > renewDeadlineNanos) {
            System.err.println("a stale answer: still the leader after a pause of " + (moment - askedAt) + " ns");
            Runtime.getRuntime().halt(1);
        }
        if (isLeader != wasLeader) {
            report.changed(isLeader, moment);
        }
        wasLeader = isLeader;
        askedAt = moment;
    }

    /** Until it is time to ask again. */
    static void pause() {
        LockSupport.parkNanos(PERIOD_NANOS);
    }

    /** {@code System.nanoTime()} is {@code CLOCK_MONOTONIC} on Linux. */
    static long now() {
        return System.nanoTime();
    }
}
