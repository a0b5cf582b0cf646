package io.leasehold;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** What the tests say about elections. Their child JVMs say it, too, and have no JUnit. */
final class Elections {
    /** How long a test waits for what must happen. */
    static final Duration LIMIT = Duration.ofSeconds(60);

    private Elections() {}

    /** Candidates in one folder elect one leader; a Lease that nobody releases outlasts the test. */
    static LeaderElection.Builder in(Path folder) {
        return LeaderElection.builder("jobs")
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30));
    }

    static LeaderElection leaderIn(Path folder) throws InterruptedException {
        LeaderElection election = in(folder).start();
        election.waitForLeadership(LIMIT);
        return election;
    }

    static void eventually(String what, BooleanSupplier holds) throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("never: " + what);
            }
            Thread.sleep(1);
        }
    }

    /** A term's remaining time grows by a renewal only. */
    static void awaitRenewal(Term term) throws InterruptedException {
        Duration[] before = {term.remaining()};
        eventually("a renewal", () -> {
            Duration now = term.remaining();
            boolean grown = now.compareTo(before[0]) > 0;
            before[0] = now;
            return grown;
        });
    }

    /** The next of what was told, waiting for it. */
    static <T> T next(BlockingQueue<T> told) throws InterruptedException {
        T next = told.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nothing more was told");
        }
        return next;
    }

    /** Writes down what it is told. */
    static class Diary implements LeadershipListener {
        final BlockingQueue<String> told = new LinkedBlockingQueue<>();

        @Override
        public void acquired(Term term) {
            told.add("acquired");
        }

        @Override
        public void lost(Loss loss) {
            told.add("lost " + loss.reason());
        }

        @Override
        public void leaderChanged(String holder) {
            told.add("leader " + holder);
        }

        @Override
        public void stopped() {
            told.add("stopped");
        }
    }
}
