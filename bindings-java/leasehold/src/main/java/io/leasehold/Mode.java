package io.leasehold;

import java.util.Locale;

/** Where the Lease is kept, and so who takes part. */
public enum Mode {
    /** In a pod {@link #KUBERNETES}, on a plain host {@link #FILE}. A container without access to a cluster is a
     * configuration error, never a private election. */
    AUTO,
    /** A Lease in Kubernetes: through the pod's service account, else a kubeconfig. */
    KUBERNETES,
    /** A record in a folder, for the processes of one host. */
    FILE,
    /** The leader from when {@code start} returns, without asking anybody. For a single instance. */
    ALWAYS,
    /** Never the leader. */
    NEVER;

    static Mode named(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }
}
