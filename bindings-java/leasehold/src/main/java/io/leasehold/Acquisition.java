// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

import java.util.Locale;

/** How a leader came to lead. */
public enum Acquisition {
    /** Nobody held the Lease, or there was none. */
    FREE,
    /** Its last holder released it. */
    RELEASED,
    /** Its last holder had not renewed it for its lease duration. */
    EXPIRED,
    /** It was still this candidate's own; or, with {@link LeaderElection.Builder#reclaim}, that of its identity. */
    REGAINED,
    /** Its holder was proven dead: the container that it ran in has been started again. */
    CONTAINER_RESTARTED,
    /** Its holder was proven dead: the status of its pod says that the container that it ran in has ended. */
    CONTAINER_TERMINATED,
    /**
     * Its holder was proven dead: the kernel has let go of the lock that its process, and all that it has started,
     * held.
     */
    LOCK_RELEASED;

    static Acquisition named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
