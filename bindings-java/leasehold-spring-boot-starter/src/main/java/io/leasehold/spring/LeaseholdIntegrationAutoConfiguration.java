package io.leasehold.spring;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.integration.leader.event.OnGrantedEvent;

/** Roles of Spring Integration, where the application has it. */
@AutoConfiguration(after = LeaseholdAutoConfiguration.class)
@ConditionalOnClass(OnGrantedEvent.class)
public class LeaseholdIntegrationAutoConfiguration {
    /** Made by Spring. */
    public LeaseholdIntegrationAutoConfiguration() {}

    @Bean
    IntegrationRoles leaseholdIntegrationRoles(ClusterLeaderService service, ApplicationEventPublisher publisher) {
        return new IntegrationRoles(service, publisher);
    }
}
