// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

import java.util.Locale;

/** Why a term ended. */
public enum LostReason {
    /** No renewal succeeded within the renew deadline. */
    EXPIRED,
    /** Another holder, or another write under the same holder, is in the Lease. */
    SUPERSEDED,
    /** Another process writes under this candidate's identity. */
    IDENTITY_CONFLICT,
    /** Somebody emptied the holder. */
    EMPTIED,
    /** Somebody deleted the Lease. */
    DELETED,
    /** The work has gone on for as long as the application has set for it. */
    LIMIT_REACHED,
    /** The application called {@link LeaderElection#stepDown}. */
    STEPPED_DOWN,
    /** The application stopped the election, or its process ends in order. */
    STOPPED,
    /** The JVM showed no sign of life for the stall timeout. */
    STALLED,
    /** The clock went backwards, or belongs to another boot. */
    CLOCK_FAULT;

    static LostReason named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
