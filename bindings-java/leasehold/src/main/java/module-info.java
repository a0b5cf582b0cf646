/** Leader election on Kubernetes Leases, inside your process. */
@SuppressWarnings("module") // Those that it is exported to are compiled after it.
module io.leasehold {
    exports io.leasehold;
    exports io.leasehold.internal to
            io.leasehold.test,
            io.leasehold.spring;

    requires static org.slf4j;
}
