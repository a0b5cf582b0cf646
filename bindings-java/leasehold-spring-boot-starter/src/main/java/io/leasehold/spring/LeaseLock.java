package io.leasehold.spring;

import io.leasehold.HeldLock;
import io.leasehold.Locks;
import io.leasehold.TimedOutException;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A lock of {@link LeaseholdLockRegistry}: reentrant, renewed while it is held, and with a fencing token. A thread that has
 * lost it cannot acquire it again before it has unlocked it: {@link ConcurrentModificationException}.
 */
public final class LeaseLock implements Lock {
    private static final Duration LONG = Duration.ofHours(1);

    private final Locks locks;
    private final String name;
    /** Whose turn it is in this process. */
    private final ReentrantLock here = new ReentrantLock();
    /** Of the thread that has its turn. */
    private volatile HeldLock held;

    LeaseLock(Locks locks, String name) {
        this.locks = locks;
        this.name = name;
    }

    /**
     * The lock as the calling thread holds it: its fencing token, and whether it is still held.
     *
     * @return empty if the calling thread does not hold it
     */
    public Optional<HeldLock> held() {
        return here.isHeldByCurrentThread() ? Optional.ofNullable(held) : Optional.empty();
    }

    @Override
    public void lock() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    lockInterruptibly();
                    return;
                } catch (InterruptedException later) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        while (!tryLock(LONG.toNanos(), TimeUnit.NANOSECONDS)) {
            // Somebody works for hours.
        }
    }

    @Override
    public boolean tryLock() {
        return here.tryLock()
                && keepTurnIf(() -> {
                    Optional<HeldLock> acquired = locks.tryLock(name);
                    held = acquired.orElse(null);
                    return acquired.isPresent();
                });
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        long deadline = System.nanoTime() + unit.toNanos(time);
        return here.tryLock(time, unit)
                && keepTurnIf(() -> {
                    try {
                        held = locks.lock(name, Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
                        return true;
                    } catch (TimedOutException inVain) {
                        return false;
                    }
                });
    }

    private interface Acquisition<E extends Exception> {
        boolean isAcquired() throws E;
    }

    /** Acquires the Lease, unless this thread has done so before: then that must still hold. */
    private <E extends Exception> boolean keepTurnIf(Acquisition<E> acquisition) throws E {
        boolean acquired = false;
        try {
            acquired = here.getHoldCount() > 1 ? isStillHeld() : acquisition.isAcquired();
            return acquired;
        } finally {
            if (!acquired) {
                here.unlock();
            }
        }
    }

    private boolean isStillHeld() {
        if (!held.isHeld()) {
            // Not false, for which one waits: it is not acquired again before this thread has unlocked it.
            throw lost();
        }
        return true;
    }

    /**
     * Gives it back.
     *
     * @throws ConcurrentModificationException if it was lost before
     */
    @Override
    public void unlock() {
        if (!here.isHeldByCurrentThread()) {
            throw new IllegalMonitorStateException("the lock `" + name + "` is not held by this thread");
        }
        if (here.getHoldCount() > 1) {
            here.unlock();
            return;
        }
        HeldLock released = held;
        boolean isHeld = released.isHeld();
        held = null;
        try {
            released.release();
        } finally {
            here.unlock();
        }
        if (!isHeld) {
            throw lost();
        }
    }

    private ConcurrentModificationException lost() {
        return new ConcurrentModificationException(
                "the lock `" + name + "` was lost while its work went on: another may have had it since");
    }

    /** There are none. */
    @Override
    public Condition newCondition() {
        throw new UnsupportedOperationException("a lock by a Lease has no conditions");
    }

    @Override
    public String toString() {
        return "LeaseLock[name=" + name + "]";
    }
}
