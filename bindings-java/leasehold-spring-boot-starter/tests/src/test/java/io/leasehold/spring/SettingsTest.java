package io.leasehold.spring;

import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

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
            FailureAnalysis analysis = new ConfigFailureAnalyzer().analyze(context.getStartupFailure());
            assertThat(analysis.getDescription()).contains("renew_deadline");
            assertThat(analysis.getAction()).contains("leasehold.lease-duration");
        });
    }

    @Test
    void aSettingOfOneLockIsCheckedToo() {
        runner().withPropertyValues("leasehold.locks.billing.candidates=0").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageContaining("candidates"));
    }

    @Test
    void anApplicationWithoutANameMustNameItsLease() {
        runner().withPropertyValues("spring.application.name=").run(context -> assertThat(context)
                .getFailure()
                .rootCause()
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("lease"));
    }

    @Test
    void twoLocksOfOneLeaseAreRefused() {
        runner().withPropertyValues("leasehold.locks.a.lease=jobs", "leasehold.locks.b.lease=jobs")
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ConfigException.class)
                        .hasMessageContaining("`a` and `b`"));
    }

    @Test
    void aNumberWithoutAUnitIsSecondsAsInTheEnvironment() {
        assertThat(bound(Map.of("LEASEHOLD_LEASE_DURATION", "15")).leaseDuration()).isEqualTo(Duration.ofSeconds(15));
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

    private static LeaseholdProperties bound(Map<String, Object> variables) {
        StandardEnvironment environment = new StandardEnvironment();
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, variables));
        ConfigurationPropertySources.attach(environment);
        return Binder.get(environment).bind("leasehold", LeaseholdProperties.class).get();
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
        assertThat(properties).contains("leasehold.locks");
    }
}
