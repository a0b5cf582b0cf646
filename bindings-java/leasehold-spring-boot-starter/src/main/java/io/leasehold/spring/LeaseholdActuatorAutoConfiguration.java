package io.leasehold.spring;

import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.actuate.autoconfigure.info.ConditionalOnEnabledInfoContributor;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Health, info and meters, where the application has them. */
@AutoConfiguration(after = LeaseholdAutoConfiguration.class)
@ConditionalOnBean(ClusterLeaderService.class)
public class LeaseholdActuatorAutoConfiguration {
    /** Made by Spring. */
    public LeaseholdActuatorAutoConfiguration() {}

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    static class MetricsConfiguration {
        @Bean
        @ConditionalOnMissingBean
        LeaseholdMetrics leaseholdMetrics(ClusterLeaderService service) {
            return new LeaseholdMetrics(service);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({InfoContributor.class, ConditionalOnEnabledInfoContributor.class})
    static class InfoConfiguration {
        /** Off in Boot's own way: {@code management.info.leasehold.enabled=false}. */
        @Bean
        @ConditionalOnEnabledInfoContributor("leasehold")
        InfoContributor leaseholdInfoContributor(ClusterLeaderService service) {
            ElectionReport report = new ElectionReport(service);
            return builder -> builder.withDetail("leasehold", report.byName());
        }
    }

    /** Boot 3. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({
        org.springframework.boot.actuate.health.HealthIndicator.class,
        org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator.class
    })
    static class Boot3HealthConfiguration {
        @Bean
        @org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator("leasehold")
        org.springframework.boot.actuate.health.HealthIndicator leaseholdHealthIndicator(ClusterLeaderService service) {
            ElectionReport report = new ElectionReport(service);
            return () -> {
                var faults = report.faults();
                var health = new org.springframework.boot.actuate.health.Health.Builder();
                return (faults.isEmpty() ? health.up() : health.down().withDetail("faults", faults))
                        .withDetails(report.byName())
                        .build();
            };
        }
    }

    /** Boot 4, in which health has moved. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({
        org.springframework.boot.health.contributor.HealthIndicator.class,
        org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator.class
    })
    static class Boot4HealthConfiguration {
        @Bean
        @org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator("leasehold")
        org.springframework.boot.health.contributor.HealthIndicator leaseholdHealthIndicator(
                ClusterLeaderService service) {
            ElectionReport report = new ElectionReport(service);
            return () -> {
                var faults = report.faults();
                var health = new org.springframework.boot.health.contributor.Health.Builder();
                return (faults.isEmpty() ? health.up() : health.down().withDetail("faults", faults))
                        .withDetails(report.byName())
                        .build();
            };
        }
    }
}
