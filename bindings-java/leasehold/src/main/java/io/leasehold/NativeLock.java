package io.leasehold;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.Consumer;

/** A lock that the native half holds. */
record NativeLock(long number, String name, Term term) implements HeldLock {
    static NativeLock of(String name, Fields acquired) {
        long number = acquired.number("lock");
        return new NativeLock(number, name, new LockTerm(number, acquired.term(Native.NONE)));
    }

    @Override
    public void setLimits(Duration atMost, Duration atLeast) {
        Native.setLockLimits(number, Locks.nanosOrNone(atMost), NativeElection.saturated(atLeast));
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
        try {
            listener.accept(new LockLoss(number, term, LostReason.named(reason)));
        } catch (Throwable failure) {
            Log.LOGGER.log(Level.ERROR, "a listener to the loss of the lock `" + name + "` failed", failure);
        } finally {
            Native.endLossOfLock(number);
        }
    }

    @Override
    public boolean release() {
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
