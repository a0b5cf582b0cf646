package io.leasehold;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * A lock that is held, and renewed until it is released. Use it from any thread.
 *
 * <p>It is not released by itself when nothing refers to it any more: close it.
 */
public interface HeldLock extends AutoCloseable {
    /**
     * The name of the lock.
     *
     * @return the name
     */
    String name();

    /**
     * The term for which it is held: its fencing token, and whether it is still held.
     *
     * @return the term
     */
    Term term();

    /**
     * A number that only grows from holder to holder; see {@link Term#fencingToken}.
     *
     * @return the token
     */
    default long fencingToken() {
        return term().fencingToken();
    }

    /**
     * Whether it is still held, at this very call.
     *
     * @return false once it is lost or released, for good
     */
    default boolean isHeld() {
        return term().isValid();
    }

    /**
     * Sets other limits for the work, from now on; see {@link LockRequest}.
     *
     * @param atMost how long it is held at most, or {@code null}
     * @param atLeast for how long nobody else acquires it
     * @throws LeadershipLostException if it is no longer held
     */
    void setLimits(Duration atMost, Duration atLeast);

    /**
     * Calls {@code listener} if the lock is lost, on a daemon thread; at once if it is lost already, and not when it is
     * released. There is one listener: another is never called.
     *
     * @param listener whom to call; until it returns, the work counts as unfinished
     */
    void onLoss(Consumer<Loss> listener);

    /**
     * Gives the lock back, and waits until that is done: first for the listener to its loss, unless that calls this.
     *
     * @return whether it is known to be; otherwise it was lost before, or its Lease expires by itself
     */
    boolean release();

    /** As {@link #release}. Does nothing the second time. */
    @Override
    default void close() {
        release();
    }
}
