package io.leasehold.candidate;

import io.leasehold.LeaderElection;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** One candidate, by five arguments. It ends as applications do: by the JVM's shutdown. */
final class TakePart {
    private final LeaderElection election;
    private final CountDownLatch sampled = new CountDownLatch(1);
    private volatile boolean terminated;

    private TakePart(LeaderElection election) {
        this.election = election;
    }

    static void run(String[] arguments) {
        LeaderElection election = LeaderElection.builder(arguments[0])
                .identity(arguments[1])
                .set("lease_duration", arguments[2])
                .set("renew_deadline", arguments[3])
                .set("retry_period", arguments[4])
                .start();
        long renewDeadlineNanos = (long) (Double.parseDouble(arguments[3]) * 1e9);
        new TakePart(election).sample(Duration.ofNanos(renewDeadlineNanos));
    }

    private void sample(Duration renewDeadline) {
        Runtime.getRuntime().addShutdownHook(new Thread(this::end));
        say("READY", Sampler.now());
        Sampler sampler = new Sampler(
                election, renewDeadline, (isLeader, moment) -> say(isLeader ? "LEADER" : "FOLLOWER", moment));
        Reasons reasons = new Reasons();
        while (!terminated || sampler.wasLeader()) {
            sampler.sample();
            reasons.lookAt(election);
            Sampler.pause();
        }
        sampled.countDown();
    }

    /** On SIGTERM. The Lease is released by Leasehold's own shutdown hook, beside which this runs. */
    private void end() {
        terminated = true;
        try {
            sampled.await();
        } catch (InterruptedException impatient) {
            Thread.currentThread().interrupt();
        }
        election.close();
        // A JVM that was terminated has an exit code of its own; the contract wants none.
        Runtime.getRuntime().halt(0);
    }

    private static void say(String what, long moment) {
        System.out.println(what + " " + moment);
        System.out.flush();
    }
}
