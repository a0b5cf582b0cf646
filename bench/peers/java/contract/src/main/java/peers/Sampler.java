package peers;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The contract that all candidates keep, which is in {@code tests/lib.rs}. */
public final class Sampler {
    private static final long PERIOD_NANOS =
            1_000_000 * Long.parseLong(System.getenv().getOrDefault("CANDIDATE_PERIOD_MS", "1"));

    private final Runnable release;
    private final CountDownLatch sampled = new CountDownLatch(1);
    private volatile boolean terminated;
    private boolean wasLeader;

    /** What a candidate is started with. */
    public record Arguments(
            String lease, String identity, Duration leaseDuration, Duration renewDeadline, Duration retryPeriod) {
        /** Reads them from the command line. */
        public static Arguments of(String[] words) {
            if (words.length != 5) {
                throw new IllegalArgumentException("usage: LEASE IDENTITY LEASE_S RENEW_S RETRY_S");
            }
            // A client that refuses these has threads already, which would keep the process alive.
            Thread.currentThread().setUncaughtExceptionHandler((thread, refused) -> {
                refused.printStackTrace();
                Runtime.getRuntime().halt(1);
            });
            return new Arguments(words[0], words[1], seconds(words[2]), seconds(words[3]), seconds(words[4]));
        }

        private static Duration seconds(String word) {
            return Duration.ofNanos((long) (Double.parseDouble(word) * 1e9));
        }
    }

    /**
     * Says that the candidate takes part.
     *
     * @param release runs on SIGTERM, when the candidate no longer leads
     */
    public Sampler(Runnable release) {
        this.release = release;
        say("READY", now());
    }

    /** Asks each millisecond whether the candidate leads, and says so, until SIGTERM. */
    public void run(BooleanSupplier isLeader) {
        Runtime.getRuntime().addShutdownHook(new Thread(this::end));
        while (!terminated) {
            // The clock first: a pause right after the answer must not make it look younger.
            long moment = now();
            note(isLeader.getAsBoolean(), moment);
            LockSupport.parkNanos(PERIOD_NANOS);
        }
        note(false, now());
        sampled.countDown();
    }

    private void end() {
        terminated = true;
        try {
            sampled.await();
            release.run();
        } catch (Exception failed) {
            failed.printStackTrace();
        } finally {
            // A JVM that was terminated has an exit code of its own; the contract wants none.
            Runtime.getRuntime().halt(0);
        }
    }

    private void note(boolean isLeader, long moment) {
        if (isLeader != wasLeader) {
            wasLeader = isLeader;
            say(isLeader ? "LEADER" : "FOLLOWER", moment);
        }
    }

    /** {@code CLOCK_MONOTONIC} on Linux, which all processes of a machine share. */
    private static long now() {
        return System.nanoTime();
    }

    private static void say(String what, long moment) {
        System.out.println(what + " " + moment);
        System.out.flush();
    }
}
