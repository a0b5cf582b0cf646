package io.leasehold;

import java.time.Duration;
import java.util.Objects;

/**
 * A lock to be acquired: its name, and the limits of the work under it, from when it is acquired.
 *
 * @param name the name of the lock, which may be any text; its Lease is called so, or alike if no Lease can be
 * @param atMost how long it is held at most: then it is lost, and the Lease expires; {@code null} if it is renewed until it
 *     is released
 * @param atLeast for how long nobody else acquires it, though it is released before; up to a lease duration more, and not if
 *     the holder crashes
 */
public record LockRequest(String name, Duration atMost, Duration atLeast) {
    /**
     * Checks that there is a name, and that no limit is negative.
     *
     * @param name the name
     * @param atMost the one limit, or {@code null}
     * @param atLeast the other limit
     * @throws ConfigException if a limit is negative
     */
    public LockRequest {
        Objects.requireNonNull(name, "name = null: name the lock");
        Objects.requireNonNull(atLeast, "atLeast = null: use zero for none");
        if (atMost != null && atMost.isNegative()) {
            throw new ConfigException("atMost = " + atMost + ": use a positive duration, or null for none");
        }
        if (atLeast.isNegative()) {
            throw new ConfigException("atLeast = " + atLeast + ": use a positive duration, or zero for none");
        }
    }

    /**
     * The lock of this name, without limits.
     *
     * @param name its name
     * @return the request
     */
    public static LockRequest of(String name) {
        return new LockRequest(name, null, Duration.ZERO);
    }

    /**
     * The same, held for at most so long.
     *
     * @param atMost how long
     * @return the request
     */
    public LockRequest atMost(Duration atMost) {
        return new LockRequest(name, atMost, atLeast);
    }

    /**
     * The same, kept from others for at least so long.
     *
     * @param atLeast how long
     * @return the request
     */
    public LockRequest atLeast(Duration atLeast) {
        return new LockRequest(name, atMost, atLeast);
    }
}
