/** Leader election on Kubernetes Leases, inside your process. */
module io.leasehold {
    exports io.leasehold;

    requires static org.slf4j;
}
