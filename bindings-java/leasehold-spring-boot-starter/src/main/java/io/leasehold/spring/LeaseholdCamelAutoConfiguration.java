package io.leasehold.spring;

import io.leasehold.LeaderElection;
import io.leasehold.camel.LeaseholdClusterService;
import org.apache.camel.CamelContext;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.cluster.CamelClusterService;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Camel's cluster service, where the application has Camel and {@code leasehold-camel}. */
@AutoConfiguration(
        after = LeaseholdAutoConfiguration.class,
        // It asks whether there is a cluster service.
        beforeName = "org.apache.camel.spring.boot.cluster.ClusteredRouteControllerAutoConfiguration")
@ConditionalOnClass({CamelClusterService.class, LeaseholdClusterService.class})
@ConditionalOnProperty(name = "camel.cluster.leasehold.enabled", matchIfMissing = true)
public class LeaseholdCamelAutoConfiguration {
    /** Made by Spring. */
    public LeaseholdCamelAutoConfiguration() {}

    @Bean
    @ConditionalOnMissingBean(CamelClusterService.class)
    LeaseholdClusterService leaseholdClusterService(
            ObjectProvider<LeaseholdProperties> settings, Environment environment) {
        ShutdownLimits limits = ShutdownLimits.ofCamel(environment);
        return new LeaseholdClusterService(name -> {
            LeaderElection.Builder builder = LeaderElection.builder(name);
            settings.ifAvailable(it -> {
                it.applyTo(builder);
                limits.applyTo(builder, name, it.drainTimeout());
            });
            return builder;
        });
    }

    /** Camel takes cluster services with the context, and overlooks one for which that is made. */
    @Bean
    SmartInitializingSingleton leaseholdClusterServicesOfCamel(
            ObjectProvider<LeaseholdClusterService> services, ObjectProvider<CamelContext> contexts) {
        return () -> services.forEach(service -> contexts.forEach(context -> add(service, context)));
    }

    private static void add(LeaseholdClusterService service, CamelContext context) {
        if (!context.hasService(service)) {
            try {
                context.addService(service);
            } catch (Exception failure) {
                throw RuntimeCamelException.wrapRuntimeCamelException(failure);
            }
        }
    }
}
