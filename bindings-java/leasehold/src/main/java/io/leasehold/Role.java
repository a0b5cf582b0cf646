// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

import java.util.Locale;

/** What a candidate is doing. */
public enum Role {
    /** Follows the Lease and acquires it when it becomes free. */
    CANDIDATE,
    /** Entitled to act. */
    LEADER,
    /** No longer the leader; renews until the application's work has stopped. */
    DRAINING,
    /** The work has stopped; the Lease is being released. */
    RELEASING,
    /** Not campaigning, because the JVM shows no sign of life. */
    STALLED,
    /** Does not take part. */
    STOPPED;

    static Role named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
