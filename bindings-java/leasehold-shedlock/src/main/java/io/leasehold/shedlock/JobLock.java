package io.leasehold.shedlock;

import io.leasehold.HeldLock;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * The lock under which the calling thread runs a job, for its fencing token and to hear of its loss. ShedLock's {@code
 * LockAssert} says that there was one when the job began; this one, whether it is still held.
 */
public final class JobLock {
    /** The innermost first. */
    private static final ThreadLocal<Deque<HeldLock>> LOCKS = ThreadLocal.withInitial(ConcurrentLinkedDeque::new);

    private JobLock() {}

    /**
     * The lock of the job that the calling thread runs; of one inside of another, the inner one's.
     *
     * @return empty if it runs none
     */
    public static Optional<HeldLock> current() {
        return Optional.ofNullable(LOCKS.get().peek());
    }

    /**
     * Does nothing while the lock is held. For the points of a long job where it may stop.
     *
     * @throws io.leasehold.LeadershipLostException once it is lost
     * @throws IllegalStateException if the calling thread runs no job under a lock of Leasehold's
     */
    public static void check() {
        current()
                .orElseThrow(() -> new IllegalStateException(
                        "this thread runs no job under a lock of Leasehold: see @SchedulerLock"))
                .term()
                .check();
    }

    /** The calling thread runs a job under {@code lock}, until what is returned is run by any thread. */
    static Runnable begin(HeldLock lock) {
        Deque<HeldLock> locks = LOCKS.get();
        locks.push(lock);
        return () -> locks.remove(lock);
    }
}
