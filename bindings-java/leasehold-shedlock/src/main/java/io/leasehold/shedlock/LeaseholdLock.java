package io.leasehold.shedlock;

import io.leasehold.HeldLock;
import io.leasehold.LeadershipLostException;
import java.time.Duration;
import java.util.Optional;
import net.javacrumbs.shedlock.core.ClockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;

/**
 * A lock as ShedLock holds it. Not an {@code AbstractSimpleLock}, which forgets a lock that could not be extended: its job
 * still runs, and unlocks it when it has ended.
 */
final class LeaseholdLock implements SimpleLock {
    private final HeldLock held;
    /** The job has ended. */
    private final Runnable end;
    /** Neither unlocked nor replaced by an extended one. */
    private volatile boolean valid = true;

    LeaseholdLock(HeldLock held, Runnable end) {
        this.held = held;
        this.end = end;
    }

    @Override
    public void unlock() {
        checkValid();
        valid = false;
        end.run();
        held.release();
    }

    @Override
    public Optional<SimpleLock> extend(Duration lockAtMostFor, Duration lockAtLeastFor) {
        checkValid();
        // ShedLock checks the limits in there.
        LockConfiguration limits =
                new LockConfiguration(ClockProvider.now(), held.name(), lockAtMostFor, lockAtLeastFor);
        try {
            held.setLimits(limits.getLockAtMostFor(), limits.getLockAtLeastFor());
        } catch (LeadershipLostException lost) {
            return Optional.empty();
        }
        valid = false;
        return Optional.of(new LeaseholdLock(held, end));
    }

    private void checkValid() {
        if (!valid) {
            throw new IllegalStateException("the lock `" + held.name()
                    + "` has been unlocked, or extended: use the one that extend() returned");
        }
    }
}
