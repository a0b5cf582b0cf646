/**
 * Leader election for Spring Boot: one instance of the application runs the scheduled jobs. Start from {@link
 * io.leasehold.spring.ClusterLeaderService} and {@link io.leasehold.spring.LeaderOnly}.
 *
 * <p>When the application stops, leadership ends first, so that no job begins any more; then schedulers, message
 * listeners and the web server stop; then the Leases are released. When it starts, it is the other way round.
 */
package io.leasehold.spring;
