package io.leasehold.conformance;

import java.time.Duration;
import java.util.List;

/**
 * A JVM that shows no sign of life: the thread that gives it is suspended, as all are in a JVM that hangs. Newer JDKs
 * have no means to do so to one thread.
 */
final class Stall {
    private static final int LAST_JDK_THAT_SUSPENDS = 19;

    private Stall() {}

    static boolean isPossible() {
        return Runtime.version().feature() <= LAST_JDK_THAT_SUSPENDS;
    }

    @SuppressWarnings({"deprecation", "removal"})
    static void last(Duration time) throws InterruptedException {
        List<Thread> pulse = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("leasehold-pulse"))
                .toList();
        pulse.forEach(Thread::suspend);
        Thread.sleep(time.toMillis());
        pulse.forEach(Thread::resume);
    }
}
