package io.leasehold.spring;

import io.leasehold.Locks;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.ConfigurationPropertiesBinding;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Role;
import org.springframework.core.env.Environment;

/** {@link ClusterLeaderService} and its elections, {@link LeaderOnly}, and {@link Locks}. */
@AutoConfiguration
public class LeaseholdAutoConfiguration {
    /** Made by Spring. */
    public LeaseholdAutoConfiguration() {}

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static LeaderOnlyPostProcessor leaseholdLeaderOnlyPostProcessor(ObjectProvider<ClusterLeaderService> service) {
        return new LeaderOnlyPostProcessor(service::getObject);
    }

    @Bean
    @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
    static OrderOfAdvice leaseholdOrderOfAdvice() {
        return new OrderOfAdvice();
    }

    @Bean
    MissedFirings leaseholdMissedFirings(LeaderOnlyPostProcessor methods) {
        return new MissedFirings(methods);
    }

    @Bean
    VisitingEvents leaseholdVisitingEvents(ApplicationContext context, ObjectProvider<ClusterLeaderService> services) {
        return new VisitingEvents(context, services);
    }

    /** Made when somebody needs them. Spring closes them after all that may hold one. */
    @Bean
    @Lazy
    @ConditionalOnMissingBean
    Locks leaseholdLocks(ObjectProvider<LeaseholdProperties> settings) {
        Locks.Builder builder = Locks.builder().stopAtShutdown(false);
        settings.ifAvailable(it -> it.applyTo(builder));
        return builder.build();
    }

    /** Gives way to a {@link ClusterLeaderService} of the application's own, as of a test. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnMissingBean(ClusterLeaderService.class)
    @EnableConfigurationProperties(LeaseholdProperties.class)
    static class ElectionsConfiguration {
        @Bean
        static DurationTexts leaseholdDurationTexts() {
            return new DurationTexts();
        }

        @Bean
        @ConfigurationPropertiesBinding
        static EmptyElections leaseholdEmptyElections() {
            return new EmptyElections();
        }

        @Bean
        Elections clusterLeaderService(LeaseholdProperties settings, Environment environment) {
            String applicationName = environment.getProperty("spring.application.name");
            return new Elections(new LeaseNames(settings, applicationName), settings, ShutdownLimits.of(environment));
        }

        @Bean
        ContextProgress leaseholdContextProgress() {
            return new ContextProgress();
        }

        @Bean
        ElectionLifecycle leaseholdElectionLifecycle(
                Elections elections, ContextProgress context, ApplicationEventPublisher publisher) {
            return new ElectionLifecycle(elections, context, publisher);
        }

        @Bean
        LeadershipLifecycle leaseholdLeadershipLifecycle(Elections elections, ContextProgress context) {
            return new LeadershipLifecycle(elections, context);
        }
    }
}
