package io.leasehold.spring;

import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ByteArrayResource;

class SettingsTest {
    @Test
    void aWrongSettingKeepsTheApplicationFromStartingAndIsNamed() {
        runner().withPropertyValues("leasehold.renew-deadline=20s").run(context -> {
            assertThat(context).hasFailed();
            assertThat(context.getStartupFailure())
                    .rootCause()
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("renew_deadline")
                    .hasMessageContaining("20 s");
        });
    }

    /** As Boot prints it. */
    private static FailureAnalysis analysis(AssertableApplicationContext context) {
        assertThat(context).hasFailed();
        return new ConfigFailureAnalyzer().analyze(context.getStartupFailure());
    }

    @Test
    void theAdviceNamesTheSettingAsSpringDoes() {
        runner().withPropertyValues("leasehold.renew-deadline=20s").run(context -> {
            assertThat(analysis(context).getDescription()).contains("renew_deadline");
            assertThat(analysis(context).getAction())
                    .contains("leasehold.renew-deadline", "LEASEHOLD_RENEW_DEADLINE")
                    .doesNotContain("always");
        });
    }

    @Test
    void theAdviceToAnApplicationWithoutANameIsToNameIt() {
        runner().withPropertyValues("spring.application.name=")
                .run(context -> assertThat(analysis(context).getAction())
                        .contains("spring.application.name", "leasehold.lease"));
    }

    @Test
    void theAdviceOnTheModeWarnsOfTheOneThatElectsEverybody() {
        String container = "mode = `auto`: this is a container (/.dockerenv) without a Kubernetes service account";
        FailureAnalysis analysis = new ConfigFailureAnalyzer().analyze(new ConfigException(container));
        assertThat(analysis.getAction()).contains("`file` for instances on one machine", "each instance leads");
    }

    static class Counter {
        @LeaderOnly
        int count() {
            return 1;
        }
    }

    @Test
    void theAdviceOnAMethodIsAboutTheMethod() {
        runner().withBean(Counter.class).run(context -> {
            assertThat(analysis(context).getDescription()).contains("count()").doesNotContain("THROW");
            assertThat(analysis(context).getAction()).isEqualTo("Return void or an object, or set onStandby = THROW.");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "leasehold.drain-timout=25s",
                "leasehold.elections.billing.drain-timout=25s",
                "leasehold.lok.a.mode=file"
            })
    void aMisspeltSettingKeepsTheApplicationFromStarting(String setting) {
        String name = setting.substring(0, setting.indexOf('='));
        runner().withPropertyValues(setting)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(UnboundConfigurationPropertiesException.class)
                        .hasMessageContaining(name));
    }

    @Test
    void anElectionMayHaveNoSettingsOfItsOwn() throws IOException {
        byte[] yaml = "leasehold:\n  elections:\n    billing:\n".getBytes(StandardCharsets.UTF_8);
        PropertySource<?> source = new YamlPropertySourceLoader()
                .load("application.yml", new ByteArrayResource(yaml))
                .get(0);
        runner().withInitializer(
                        context -> context.getEnvironment().getPropertySources().addFirst(source))
                .run(context -> {
                    ClusterLeaderService service = Contexts.leading(context);
                    assertThat(service.election("billing").status().lease()).isEqualTo("monolith-billing");
                });
    }

    @Test
    void anElectionIsNoText() {
        runner().withPropertyValues("leasehold.elections.billing=25s")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("properties below this name, not `25s`"));
    }

    @Test
    void theAdviceOnALeaseThatIsCalledAfterItsElectionIsAboutTheElection() {
        runner().withPropertyValues("leasehold.elections.Bad_Name.reclaim=false")
                .run(context -> {
                    assertThat(analysis(context).getDescription()).contains("the election `Bad_Name`");
                    assertThat(analysis(context).getAction())
                            .contains("leasehold.elections.Bad_Name.lease")
                            .doesNotContain("spring.application.name");
                });
    }

    @Test
    void theAdviceOnAKubeconfigNamesWhatHasNamedIt() {
        String missing = "kubeconfig = `/nowhere`: there is no such file";
        FailureAnalysis analysis = new ConfigFailureAnalyzer().analyze(new ConfigException(missing));
        assertThat(analysis.getAction()).contains("Correct KUBECONFIG", "leasehold.kubeconfig");
    }

    @Test
    void anElectionHasNoElections() {
        runner().withPropertyValues("leasehold.elections.a.elections.b.mode=file")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ConfigException.class)
                        .hasMessageContaining("leasehold.elections.a.elections"));
    }

    /** A Service of this name puts such into each pod. */
    @Test
    void variablesOfTheEnvironmentThatAreNoSettingsAreLeftAlone() {
        Map<String, Object> variables =
                Map.of("LEASEHOLD_SERVICE_HOST", "10.0.0.1", "LEASEHOLD_PORT_443_TCP", "tcp://10.0.0.1:443");
        runner().withInitializer(context -> replaceVariables(context.getEnvironment(), variables))
                .run(context -> assertThat(context).hasNotFailed());
    }

    @Test
    void durationsOfTheEnvironmentMeanWhatTheyDoInOtherLanguages() {
        Map<String, Object> variables = Map.of(
                "LEASEHOLD_LEASE_DURATION", "1m 30s",
                "LEASEHOLD_RENEW_DEADLINE", "PT60S",
                "LEASEHOLD_RETRY_PERIOD", "0.5",
                "LEASEHOLD_DRAIN_TIMEOUT", "1.5s",
                "LEASEHOLD_WAIT_AT_STARTUP", "0.25");
        runner().withInitializer(context -> replaceVariables(context.getEnvironment(), variables))
                .run(context -> {
                    LeaseholdProperties bound = context.getBean(LeaseholdProperties.class);
                    assertThat(bound.leaseDuration()).isEqualTo(Duration.ofSeconds(90));
                    assertThat(bound.renewDeadline()).isEqualTo(Duration.ofSeconds(60));
                    assertThat(bound.retryPeriod()).isEqualTo(Duration.ofMillis(500));
                    assertThat(bound.drainTimeout()).isEqualTo(Duration.ofMillis(1500));
                    assertThat(bound.waitAtStartup()).isEqualTo(Duration.ofMillis(250));
                });
    }

    @Test
    void aDurationThatIsNoneIsNamedWithItsVariable() {
        Map<String, Object> variables = Map.of("LEASEHOLD_RETRY_PERIOD", "soon");
        runner().withInitializer(context -> replaceVariables(context.getEnvironment(), variables))
                .run(context -> {
                    assertThat(context).getFailure().rootCause().hasMessageContaining("soon");
                    assertThat(Stream.iterate(context.getStartupFailure(), Objects::nonNull, Throwable::getCause)
                                    .filter(BindException.class::isInstance)
                                    .map(it -> ((BindException) it).getProperty())
                                    .filter(Objects::nonNull)
                                    .map(it -> String.valueOf(it.getOrigin())))
                            .anyMatch(origin -> origin.contains("LEASEHOLD_RETRY_PERIOD"));
                });
    }

    @Test
    void aLongDurationIsNotAShortOne() {
        assertThat(DurationTexts.read("20000000000.5")).isEqualTo(Duration.ofSeconds(20_000_000_000L, 500_000_000));
        runner().withPropertyValues("leasehold.retry-period=20000000000000000000.5")
                .run(context -> assertThat(analysis(context))
                        .satisfies(it -> assertThat(it.getDescription())
                                .contains("leasehold.retry-period", "20000000000000000000.5"))
                        .satisfies(it -> assertThat(it.getAction()).contains("15s")));
    }

    @Test
    void aSettingOfOneElectionIsCheckedToo() {
        runner().withPropertyValues("leasehold.elections.billing.retry-period=0")
                .run(context -> assertThat(context).getFailure().rootCause().hasMessageContaining("retry"));
    }

    @Test
    void anApplicationWithoutANameMustNameItsLease() {
        runner().withPropertyValues("spring.application.name=")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ConfigException.class)
                        .hasMessageContaining("lease"));
    }

    @Test
    void twoLocksOfOneLeaseAreRefused() {
        runner().withPropertyValues("leasehold.elections.a.lease=jobs", "leasehold.elections.b.lease=jobs")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ConfigException.class)
                        .hasMessageContaining("`a` and `b`"));
    }

    @Test
    void aNumberWithoutAUnitIsSecondsAsInTheEnvironment() {
        assertThat(bound(Map.of("LEASEHOLD_LEASE_DURATION", "15")).leaseDuration())
                .isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void theEnvironmentsNamesAreTheSameAsInOtherLanguages() {
        LeaseholdProperties bound = bound(Map.of(
                "LEASEHOLD_LEASE", "monolith-jobs",
                "LEASEHOLD_DRAIN_TIMEOUT", "500ms",
                "LEASEHOLD_RELEASE_ON_STOP", "false"));
        assertThat(bound.lease()).isEqualTo("monolith-jobs");
        assertThat(bound.drainTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(bound.releaseOnStop()).isFalse();
    }

    private static void replaceVariables(ConfigurableEnvironment environment, Map<String, Object> variables) {
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, variables));
    }

    private static LeaseholdProperties bound(Map<String, Object> variables) {
        StandardEnvironment environment = new StandardEnvironment();
        replaceVariables(environment, variables);
        ConfigurationPropertySources.attach(environment);
        return Binder.get(environment)
                .bind("leasehold", LeaseholdProperties.class)
                .get();
    }

    @Test
    void everySettingIsExplainedToEditors() throws IOException {
        String metadata;
        String path = "/META-INF/spring-configuration-metadata.json";
        try (InputStream file = LeaseholdProperties.class.getResourceAsStream(path)) {
            metadata = new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
        String properties = metadata.substring(metadata.indexOf("\"properties\""));
        for (var component : LeaseholdProperties.class.getRecordComponents()) {
            String name = component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
            assertThat(properties)
                    .containsPattern("\"leasehold\\." + name + "\",\\s*\"type\": \"[^\"]+\",\\s*\"description\": \"");
        }
    }
}
