/**
 * Leader election on Kubernetes Leases, inside your process. Start from {@link io.leasehold.LeaderElection}.
 *
 * <p>A {@link io.leasehold.Term} is one uninterrupted leadership and carries a fencing token; a {@link
 * io.leasehold.LeadershipListener} is called at its beginning and its end.
 *
 * <p>Logs go to the {@link java.lang.System.Logger} named {@code io.leasehold}.
 */
package io.leasehold;
