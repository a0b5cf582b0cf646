package io.leasehold.spring;

import io.leasehold.Locks;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.integration.leader.event.OnGrantedEvent;
import org.springframework.integration.support.locks.LockRegistry;

/** Roles and locks of Spring Integration, where the application has it. */
@AutoConfiguration(after = LeaseholdAutoConfiguration.class)
@ConditionalOnClass(OnGrantedEvent.class)
public class LeaseholdIntegrationAutoConfiguration {
    /** Made by Spring. */
    public LeaseholdIntegrationAutoConfiguration() {}

    @Bean
    IntegrationRoles leaseholdIntegrationRoles(ClusterLeaderService service, ApplicationEventPublisher publisher) {
        return new IntegrationRoles(service, publisher);
    }

    @Bean
    @Lazy
    @ConditionalOnMissingBean(LockRegistry.class)
    LeaseholdLockRegistry leaseholdLockRegistry(Locks locks) {
        return new LeaseholdLockRegistry(locks);
    }
}
