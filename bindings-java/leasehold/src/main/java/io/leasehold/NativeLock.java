package io.leasehold;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.Consumer;

/** A lock that the native half holds. */
final class NativeLock implements HeldLock {
    private final Locks locks;
    private final long number;
    private final String name;
    private final Term term;
    /** The thread on which the listener is called. */
    private volatile Thread telling;

    NativeLock(Locks locks, String name, Fields acquired) {
        this.locks = locks;
        this.number = acquired.number("lock");
        this.name = name;
        this.term = new LockTerm(number, acquired.term(Native.NONE));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Term term() {
        return term;
    }

    @Override
    public void setLimits(Duration atMost, Duration atLeast) {
        LockRequest limits = new LockRequest(name, atMost, atLeast);
        Native.setLockLimits(number, Locks.nanosOrNone(limits.atMost()), NativeElection.saturated(limits.atLeast()));
    }

    @Override
    public void onLoss(Consumer<Loss> listener) {
        Objects.requireNonNull(listener, "listener");
        Background.daemon("leasehold-lock", () -> tellOfLoss(listener)).start();
    }

    private void tellOfLoss(Consumer<Loss> listener) {
        String reason = Native.awaitLossOfLock(number);
        if (reason == null) {
            return;
        }
        telling = Thread.currentThread();
        try (Locks.Telling busy = locks.telling()) {
            listener.accept(new LockLoss(number, term, LostReason.named(reason)));
        } catch (Throwable failure) {
            Log.LOGGER.log(Level.ERROR, "a listener to the loss of the lock `" + name + "` failed", failure);
        } finally {
            Native.endLossOfLock(number);
        }
    }

    @Override
    public boolean release() {
        if (Thread.currentThread() == telling) {
            // By the listener, whose work has ended with this: it would wait for itself.
            Native.endLossOfLock(number);
        }
        return Native.releaseLock(number);
    }

    @Override
    public String toString() {
        return "HeldLock[name=" + name + ", fencingToken=" + fencingToken() + ", isHeld=" + isHeld() + "]";
    }

    /** The term of a lock, known in the native half by the number of that. */
    private record LockTerm(long lock, Term said) implements Term {
        @Override
        public long fencingToken() {
            return said.fencingToken();
        }

        @Override
        public int transitions() {
            return said.transitions();
        }

        @Override
        public String leaseUid() {
            return said.leaseUid();
        }

        @Override
        public Instant acquiredAt() {
            return said.acquiredAt();
        }

        @Override
        public Acquisition acquisition() {
            return said.acquisition();
        }

        @Override
        public boolean isValid() {
            return Native.isLockHeld(lock);
        }

        @Override
        public Duration remaining() {
            return Duration.ofNanos(Native.lockRemaining(lock));
        }

        @Override
        public void check() {
            Native.checkLock(lock);
        }

        @Override
        public String toString() {
            return "Term[fencingToken=" + fencingToken() + ", isValid=" + isValid() + "]";
        }
    }

    private record LockLoss(long lock, Term term, LostReason reason) implements Loss {
        @Override
        public Duration timeLeft() {
            return Duration.ofNanos(Native.lossOfLockTimeLeft(lock));
        }

        @Override
        public String toString() {
            return "Loss[term=" + term + ", reason=" + reason + "]";
        }
    }
}
