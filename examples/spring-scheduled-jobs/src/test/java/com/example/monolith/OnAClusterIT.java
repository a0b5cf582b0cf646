package com.example.monolith;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/**
 * On a real API server, each instance through a proxy of its own. {@code cargo xtask test} starts them and names them
 * in the environment.
 */
@EnabledIfEnvironmentVariable(named = "LEASEHOLD_EXAMPLE_FIRST_KUBECONFIG", matches = ".+")
class OnAClusterIT extends TwoInstances {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @Override
    List<String> access(String instance) {
        return List.of("--leasehold.mode=kubernetes", "--leasehold.kubeconfig=" + variable(instance, "KUBECONFIG"));
    }

    @Test
    void anInstanceThatIsKilledIsSucceededWhenItsLeaseHasRunOut() throws Exception {
        List<Monolith> instances = leaderAndStandby(EXPIRING);
        instances.get(0).kill();
        awaitAllJobsOf(instances.get(1));
        everythingWasDoneOnce();
    }

    @Test
    void anInstanceThatIsCutOffHasStoppedBeforeTheOtherOneBegins() throws Exception {
        List<Monolith> instances = leaderAndStandby(EXPIRING);
        goSilent(instances.get(0));
        awaitAllJobsOf(instances.get(1));
        heal(instances.get(0));
        awaitAllJobsOf(instances.get(1));
        everythingWasDoneOnce();
    }

    private static void goSilent(Monolith instance) throws Exception {
        for (String direction : List.of("upstream", "downstream")) {
            String toxic = "{\"type\": \"timeout\", \"stream\": \"%s\", \"attributes\": {\"timeout\": 0}}";
            send(toxics(instance, "").POST(HttpRequest.BodyPublishers.ofString(toxic.formatted(direction))));
        }
    }

    private static void heal(Monolith instance) throws Exception {
        for (String direction : List.of("upstream", "downstream")) {
            send(toxics(instance, "/timeout_" + direction).DELETE());
        }
    }

    private static HttpRequest.Builder toxics(Monolith instance, String path) {
        return HttpRequest.newBuilder(URI.create(variable(instance.name(), "TOXICS") + path));
    }

    private static void send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
    }

    private static String variable(String instance, String what) {
        return System.getenv("LEASEHOLD_EXAMPLE_" + instance.toUpperCase(Locale.ROOT) + "_" + what);
    }
}
