import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.LeadershipLostException;
import io.leasehold.Loss;
import io.leasehold.Term;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/** Two candidates for one Lease, whose settings are in the environment: one runs the job, and hands over. */
final class Guarded {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int QUESTIONS = 2_000_000;

    private Guarded() {}

    public static void main(String[] arguments) throws Exception {
        AtomicReference<Object> reason = new AtomicReference<>();
        try (LeaderElection first = LeaderElection.builder().start();
                LeaderElection second = LeaderElection.builder().build()) {
            first.addListener(new LeadershipListener() {
                @Override
                public void lost(Loss loss) {
                    reason.set(loss.reason());
                }
            });
            long token = first.waitForLeadership(LIMIT).fencingToken();
            check(first.runIfLeader(() -> {}), "the leader runs the job");
            second.start();
            check(!second.runIfLeader(() -> {}), "no other does");
            first.stop();
            check("STOPPED".equals(String.valueOf(reason.get())), "the loss was told: " + reason);
            Term term = second.waitForLeadership(LIMIT);
            check(term.fencingToken() > token, "the token grows");

            answers(second, QUESTIONS);
            long begun = System.nanoTime();
            check(answers(second, QUESTIONS) == QUESTIONS, "it leads all the while");
            long took = System.nanoTime() - begun;
            second.stop();
            try {
                term.check();
                throw new IllegalStateException("the term is over");
            } catch (LeadershipLostException over) {
                System.out.println("guarded; is-leader in " + took / QUESTIONS + " ns");
            }
        }
    }

    private static int answers(LeaderElection election, int questions) {
        int answers = 0;
        for (int each = 0; each < questions; each++) {
            answers += election.isLeader() ? 1 : 0;
        }
        return answers;
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("not so: " + what);
        }
    }
}
