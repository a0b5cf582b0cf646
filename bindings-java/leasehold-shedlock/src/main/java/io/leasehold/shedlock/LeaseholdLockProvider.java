package io.leasehold.shedlock;

import io.leasehold.HeldLock;
import io.leasehold.LeaseholdException;
import io.leasehold.LockRequest;
import io.leasehold.Locks;
import java.util.Objects;
import java.util.Optional;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.LockException;

/**
 * ShedLock's locks, by a Lease for each.
 *
 * <pre>{@code
 * new LeaseholdLockProvider(Locks.builder().observe("nightly-report").build())
 * }</pre>
 *
 * <p>A lock is renewed while its job runs, so a crash costs one lease duration and not {@code lockAtMostFor}, which is the
 * limit of the job: then the job learns of it, and the Lease expires. {@code lockAtLeastFor} is kept by a Lease that
 * nobody renews. {@link JobLock} is what a job asks.
 */
public final class LeaseholdLockProvider implements ExtensibleLockProvider {
    private final Locks locks;

    /**
     * By these locks, which stay the caller's: close them last.
     *
     * @param locks with the names of the jobs observed, so that none is skipped for what a crash has left behind
     */
    public LeaseholdLockProvider(Locks locks) {
        this.locks = Objects.requireNonNull(locks, "locks");
    }

    @Override
    public Optional<SimpleLock> lock(LockConfiguration configuration) {
        LockRequest request = new LockRequest(
                configuration.getName(), configuration.getLockAtMostFor(), configuration.getLockAtLeastFor());
        Optional<HeldLock> held;
        try {
            held = locks.tryLock(request);
        } catch (LeaseholdException failure) {
            throw new LockException("cannot lock `" + configuration.getName() + "`", failure);
        }
        return held.map(lock -> new LeaseholdLock(lock, JobLock.begin(lock)));
    }
}
