package io.leasehold.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.Loss;
import io.leasehold.LostReason;
import io.leasehold.Term;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Over HTTP, since the classes behind it differ between versions of Boot. */
class ActuatorTest {
    private record Expired(Term term) implements Loss {
        @Override
        public LostReason reason() {
            return LostReason.EXPIRED;
        }

        @Override
        public Duration timeLeft() {
            return Duration.ZERO;
        }
    }

    private static ConfigurableApplicationContext application(String... properties) throws InterruptedException {
        ConfigurableApplicationContext application = new SpringApplicationBuilder(Contexts.Application.class)
                .properties(
                        "spring.application.name=monolith",
                        "spring.jmx.enabled=false",
                        "server.port=0",
                        "management.endpoints.web.exposure.include=*",
                        "management.endpoint.health.show-details=always")
                .properties(properties)
                .run();
        Contexts.leading(application);
        return application;
    }

    @Test
    void aLeaderIsUp() throws Exception {
        try (ConfigurableApplicationContext application = application("leasehold.mode=always")) {
            assertThat(get(application, "/actuator/health/leasehold"))
                    .contains("\"status\":\"UP\"", "\"lease\":\"monolith\"", "\"leader\":true", "\"fencingToken\":");
        }
    }

    @Test
    void aStandbyIsUpAndSaysWhyItDoesNotLead() throws Exception {
        try (ConfigurableApplicationContext application = application("leasehold.mode=never")) {
            assertThat(get(application, "/actuator/health/leasehold"))
                    .contains("\"status\":\"UP\"", "\"leader\":false", "\"whyNotLeading\":");
        }
    }

    @Test
    void theInfoEndpointTellsOfEachElection() throws Exception {
        try (ConfigurableApplicationContext application = application(
                "leasehold.mode=always", "leasehold.lease=jobs", "leasehold.elections.billing.mode=never")) {
            assertThat(get(application, "/actuator/info"))
                    .contains("\"leasehold\":{\"default\":{\"lease\":\"jobs\"")
                    .contains("\"billing\":{\"lease\":\"jobs-billing\"");
        }
    }

    @Test
    void metersTellOfLeadershipAndTerms() throws Exception {
        try (ConfigurableApplicationContext application = application("leasehold.mode=always")) {
            assertThat(get(
                            application,
                            "/actuator/metrics/leader.election.master.status?tag=election:default&tag=name:monolith"))
                    .contains("\"value\":1.0");
            assertThat(get(application, "/actuator/metrics/leasehold.remaining"))
                    .contains("\"baseUnit\":\"seconds\"");
            assertThat(get(application, "/actuator/metrics/leasehold.failing")).contains("\"value\":0.0");
            assertThat(get(application, "/actuator/metrics/leasehold.losses?tag=reason:stepped_down"))
                    .contains("\"value\":0.0");
        }
    }

    @Test
    void termsAreCounted() throws Exception {
        try (ConfigurableApplicationContext application = application("leasehold.mode=never")) {
            application.publishEvent(new LeadershipAcquiredEvent("default", null));
            application.publishEvent(new LeadershipLostEvent("default", new Expired(null)));
            assertThat(get(application, "/actuator/metrics/leasehold.terms")).contains("\"value\":1.0");
            assertThat(get(application, "/actuator/metrics/leasehold.losses?tag=reason:expired"))
                    .contains("\"value\":1.0");
        }
    }

    @Test
    void healthAndInfoCanBeTurnedOffInBootsOwnWay() throws Exception {
        try (ConfigurableApplicationContext application = application(
                "leasehold.mode=always",
                "management.health.leasehold.enabled=false",
                "management.info.leasehold.enabled=false")) {
            assertThat(get(application, "/actuator/health")).doesNotContain("\"leasehold\":");
            assertThat(get(application, "/actuator/info")).doesNotContain("\"leasehold\":");
        }
    }

    private static String get(ConfigurableApplicationContext application, String path) throws Exception {
        String port = application.getEnvironment().getProperty("local.server.port");
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
