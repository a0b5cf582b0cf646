package io.leasehold.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.LeaderElection;
import io.leasehold.camel.LeaseholdClusterService;
import java.util.List;
import java.util.function.Consumer;
import org.apache.camel.CamelContext;
import org.apache.camel.cluster.CamelClusterMember;
import org.apache.camel.cluster.CamelClusterService;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

/** Camel's cluster service as a bean. With Camel's own part for Spring Boot, it is in what the documentation shows. */
class CamelClusterServiceTest {
    private final ApplicationContextRunner runner = Contexts.runner()
            .withConfiguration(AutoConfigurations.of(LeaseholdCamelAutoConfiguration.class))
            .withBean(CamelContext.class, DefaultCamelContext::new);

    @Test
    void itsViewsAreMadeFromTheSettings() {
        runner.withPropertyValues("leasehold.identity=me").run(context -> {
            withLocalMember(context, member -> {
                assertThat(member.getId()).isEqualTo("me");
                assertThat(member.isLeader()).isTrue();
            });
        });
    }

    @Test
    void aLeaseIsHeldForAsLongAsCamelLetsExchangesGoOn() {
        assertThat(loggedWithAView())
                .containsExactly(
                        "[INFO] leasehold.drain-timeout of `lock1` is 45.0 s, as is camel.main.shutdown-timeout");
        assertThat(loggedWithAView("camel.main.shutdown-timeout=70"))
                .containsExactly(
                        "[INFO] leasehold.drain-timeout of `lock1` is 70.0 s, as is camel.main.shutdown-timeout");
        assertThat(loggedWithAView("leasehold.drain-timeout=30s", "camel.main.shutdown-timeout=25"))
                .isEmpty();
        assertThat(loggedWithAView("leasehold.drain-timeout=30s"))
                .singleElement()
                .asString()
                .startsWith("[WARN] leasehold.drain-timeout of `lock1` is 30.0 s");
    }

    @Test
    void oneOfTheApplicationTakesItsPlace() {
        LeaseholdClusterService own = new LeaseholdClusterService(LeaderElection::builder);
        runner.withBean("own", CamelClusterService.class, () -> own)
                .run(context ->
                        assertThat(context.getBean(CamelClusterService.class)).isSameAs(own));
    }

    @Test
    void itIsNotThereWhereItIsSwitchedOffOrSomethingIsMissing() {
        runner.withPropertyValues("camel.cluster.leasehold.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(CamelClusterService.class));
        for (Class<?> missing : List.of(CamelClusterService.class, LeaseholdClusterService.class)) {
            Contexts.runner()
                    .withConfiguration(AutoConfigurations.of(LeaseholdCamelAutoConfiguration.class))
                    .withClassLoader(new FilteredClassLoader(missing))
                    .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("leaseholdClusterService"));
        }
    }

    private List<String> loggedWithAView(String... properties) {
        return Contexts.logged(() -> runner.withPropertyValues(properties).run(context -> {
            withLocalMember(context, member -> {});
        }));
    }

    private static void withLocalMember(ApplicationContext context, Consumer<CamelClusterMember> action)
            throws Exception {
        CamelContext camel = context.getBean(CamelContext.class);
        camel.start();
        action.accept(
                camel.hasService(CamelClusterService.class).getView("lock1").getLocalMember());
    }
}
