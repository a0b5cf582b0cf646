// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
package io.leasehold;

import java.util.Locale;

/** Where the Lease is kept, and so who takes part. */
public enum Mode {
    /**
     * In a pod {@link Mode#KUBERNETES}; {@link Mode#FILE} if a person works at a terminal or a desktop, or if the
     * directory is set. Anything else is a configuration error, never a private election.
     */
    AUTO,
    /** A Lease in Kubernetes: through the pod's service account, else a kubeconfig. */
    KUBERNETES,
    /** A record in a folder, for the processes of one host. */
    FILE,
    /** The leader from the start, without asking anybody. For a single instance. */
    ALWAYS,
    /** Never the leader. */
    NEVER;

    static Mode named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
