package io.leasehold.shedlock;

import io.leasehold.HeldLock;
import io.leasehold.LeadershipLostException;
import java.util.Optional;
import net.javacrumbs.shedlock.core.AbstractSimpleLock;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;

/** A lock as ShedLock holds it. */
final class LeaseholdLock extends AbstractSimpleLock {
    private final HeldLock held;
    /** The job has ended. */
    private final Runnable end;

    LeaseholdLock(LockConfiguration configuration, HeldLock held, Runnable end) {
        super(configuration);
        this.held = held;
        this.end = end;
    }

    @Override
    protected void doUnlock() {
        end.run();
        held.release();
    }

    @Override
    protected Optional<SimpleLock> doExtend(LockConfiguration configuration) {
        try {
            held.setLimits(configuration.getLockAtMostFor(), configuration.getLockAtLeastFor());
        } catch (LeadershipLostException lost) {
            // ShedLock forgets this one.
            doUnlock();
            return Optional.empty();
        }
        return Optional.of(new LeaseholdLock(configuration, held, end));
    }
}
