// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

import java.util.Locale;

/** By which proofs that its holder is dead a Lease is acquired before it has expired. */
public enum ProofOfDeath {
    /** By none, and nothing is recorded by which others could prove that this process is dead. */
    NONE,
    /**
     * By what this machine shows without further rights: that the holder's container has been started again, or that
     * the kernel has released the holder's lock.
     */
    LOCAL,
    /**
     * By these and, in mode {@link Mode#KUBERNETES}, by the status of the holder's pod, which says that its container
     * has ended. Needs the verbs {@code get} and {@code watch} on pods; if these are not granted, it is {@code local}.
     */
    PODS;

    static ProofOfDeath named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
