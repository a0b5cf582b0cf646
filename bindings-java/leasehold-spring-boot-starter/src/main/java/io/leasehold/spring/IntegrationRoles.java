package io.leasehold.spring;

import io.leasehold.LeaderElection;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.event.EventListener;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.event.OnGrantedEvent;
import org.springframework.integration.leader.event.OnRevokedEvent;

/**
 * Tells Spring Integration who leads, as an initiator of its own would: what is in the role called as the election starts
 * with a term, and has stopped before the Lease is given to another.
 */
final class IntegrationRoles {
    private final ClusterLeaderService service;
    private final ApplicationEventPublisher publisher;

    IntegrationRoles(ClusterLeaderService service, ApplicationEventPublisher publisher) {
        this.service = service;
        this.publisher = publisher;
    }

    @EventListener
    void acquired(LeadershipAcquiredEvent event) {
        String role = event.election();
        publisher.publishEvent(new OnGrantedEvent(this, new RoleContext(role, service.election(role)), role));
    }

    @EventListener
    void lost(LeadershipLostEvent event) {
        String role = event.election();
        publisher.publishEvent(new OnRevokedEvent(this, new RoleContext(role, service.election(role)), role));
    }

    private record RoleContext(String role, LeaderElection election) implements Context {
        @Override
        public boolean isLeader() {
            return election.isLeader();
        }

        @Override
        public void yield() {
            election.stepDown();
        }

        @Override
        public String getRole() {
            return role;
        }
    }
}
