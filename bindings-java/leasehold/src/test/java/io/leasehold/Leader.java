package io.leasehold;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** {@code Leader FOLDER END}: leads, says so, and then ends in a way of its own. */
final class Leader {
    private Leader() {}

    public static void main(String[] arguments) throws Exception {
        LeaderElection.Builder settings = Elections.in(Path.of(arguments[0]));
        if (arguments[1].equals("answers")) {
            // Soon succeeded when it does not renew.
            settings.leaseDuration(Duration.ofSeconds(6))
                    .renewDeadline(Duration.ofSeconds(5))
                    .retryPeriod(Duration.ofSeconds(4));
        }
        LeaderElection election = settings.start();
        election.addListener(new Elections.Diary());
        election.waitForLeadership(Elections.LIMIT);
        say("leading");
        switch (arguments[1]) {
            case "exits" -> System.exit(7);
            case "throws" -> throw new IllegalStateException("on purpose: an uncaught exception in main");
            case "returns" -> {}
            case "has a listener that blocks" -> {
                election.close();
                LeaderElection other = Elections.in(Path.of(arguments[0]))
                        .drainTimeout(Duration.ofMillis(50))
                        .start();
                other.addListener(new Blocked());
                other.waitForLeadership(Elections.LIMIT);
                say("leading again");
            }
            case "waits" -> new CountDownLatch(1).await();
            default -> answerEachLine(election);
        }
    }

    private static final class Blocked implements LeadershipListener {
        @Override
        public void lost(Loss loss) {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    private static void answerEachLine(LeaderElection election) throws Exception {
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
        while (questions.readLine() != null) {
            say(election.isLeader() ? "yes" : "no");
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
