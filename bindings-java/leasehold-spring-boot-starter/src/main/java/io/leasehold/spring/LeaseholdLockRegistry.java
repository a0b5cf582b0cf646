package io.leasehold.spring;

import io.leasehold.Locks;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.integration.support.locks.LockRegistry;

/**
 * Spring Integration's locks, by a Lease for each key. Threads of one process exclude each other, too.
 *
 * <p>Keys are such as name a job or a resource, and few: the Lease of a key stays.
 */
@SuppressWarnings("rawtypes") // In Spring Integration 7 it has a parameter, in 6 none.
public final class LeaseholdLockRegistry implements LockRegistry {
    private final Map<String, LeaseLock> locks = new ConcurrentHashMap<>();
    private final Locks leases;

    /**
     * By these locks, which stay the caller's.
     *
     * @param locks the locks
     */
    public LeaseholdLockRegistry(Locks locks) {
        this.leases = Objects.requireNonNull(locks, "locks");
    }

    @Override
    public LeaseLock obtain(Object key) {
        return locks.computeIfAbsent(key.toString(), name -> new LeaseLock(leases, name));
    }
}
