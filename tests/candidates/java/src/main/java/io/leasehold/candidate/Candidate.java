package io.leasehold.candidate;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S}: the Java candidate of the cluster tests. The contract that it
 * keeps stands in {@code tests/candidates/src/lib.rs}. It ends as applications do: by the JVM's shutdown.
 */
final class Candidate {
    /** How often the candidate asks itself whether it leads. */
    private static final long POLL_PERIOD_NANOS = 1_000_000;

    private final LeaderElection election;
    private final long renewDeadlineNanos;
    private final CountDownLatch told = new CountDownLatch(1);
    private volatile boolean terminated;

    private Candidate(LeaderElection election, String renewDeadline) {
        this.election = election;
        this.renewDeadlineNanos = (long) (Double.parseDouble(renewDeadline) * 1e9);
    }

    public static void main(String[] arguments) {
        if (arguments.length != 5) {
            System.err.println("usage: candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S");
            System.exit(2);
        }
        LeaderElection election = LeaderElection.builder(arguments[0])
                .identity(arguments[1])
                .mode(Mode.KUBERNETES)
                .set("lease_duration", arguments[2])
                .set("renew_deadline", arguments[3])
                .set("retry_period", arguments[4])
                .start();
        new Candidate(election, arguments[3]).run();
    }

    private void run() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::end));
        say("READY", System.nanoTime());
        boolean wasLeader = false;
        long askedAt = System.nanoTime();
        while (!terminated || wasLeader) {
            // The clock first: a pause right after the answer must not make it look younger.
            long moment = System.nanoTime();
            boolean isLeader = election.isLeader();
            if (isLeader && wasLeader && moment - askedAt > renewDeadlineNanos) {
                System.err.println("a stale answer: still the leader after a pause of " + (moment - askedAt) + " ns");
                Runtime.getRuntime().halt(1);
            }
            if (isLeader != wasLeader) {
                say(isLeader ? "LEADER" : "FOLLOWER", moment);
            }
            wasLeader = isLeader;
            askedAt = moment;
            LockSupport.parkNanos(POLL_PERIOD_NANOS);
        }
        told.countDown();
    }

    /** On SIGTERM. The Lease is released by Leasehold's own shutdown hook, beside which this runs. */
    private void end() {
        terminated = true;
        try {
            told.await();
        } catch (InterruptedException impatient) {
            Thread.currentThread().interrupt();
        }
        election.close();
        // A JVM that was terminated has an exit code of its own; the contract wants none.
        Runtime.getRuntime().halt(0);
    }

    /** {@code System.nanoTime()} is {@code CLOCK_MONOTONIC} on Linux. */
    private static void say(String what, long moment) {
        System.out.println(what + " " + moment);
        System.out.flush();
    }
}
