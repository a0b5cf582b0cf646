package io.leasehold.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Camel applications as processes, whose work is counted: none is done twice, no matter what happens to the leader.
 *
 * <p>On a real API server where {@code JAVA_FIRST_KUBECONFIG} and its like say how to reach it, each through a network of its
 * own; else in a folder.
 */
class CamelTest {
    private static final int SOME = 5;
    private static final long LIMIT_SECONDS = 60;
    /** Who leads after another does so because that one has released. */
    private static final Map<String, String> RELEASED =
            Map.of("LEASEHOLD_LEASE_DURATION", "3600", "LEASEHOLD_RENEW_DEADLINE", "1800");

    private static final Map<String, String> EXPIRING =
            Map.of("LEASEHOLD_LEASE_DURATION", "7", "LEASEHOLD_RENEW_DEADLINE", "4", "LEASEHOLD_RETRY_PERIOD", "0.5");

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();
    private Ledger work;
    private Ledger terms;

    @BeforeEach
    void openTheLedgers() {
        work = new Ledger(folder.resolve("work"), "test");
        terms = new Ledger(folder.resolve("terms"), "test");
    }

    @AfterEach
    void endAll() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void oneThatIsTerminatedHandsOver() throws Exception {
        Process first = start("first", "camel-terminated", RELEASED);
        goesOn("first");
        start("second", "camel-terminated", RELEASED);
        goesOn("first");
        first.destroy();
        goesOn("second");
        noneWasDoneTwice();
    }

    @Test
    void oneThatIsKilledIsSucceeded() throws Exception {
        Process first = start("first", "camel-killed", EXPIRING);
        goesOn("first");
        start("second", "camel-killed", EXPIRING);
        goesOn("first");
        first.destroyForcibly();
        goesOn("second");
        noneWasDoneTwice();
    }

    @Test
    void oneThatIsCutOffHasStoppedBeforeAnotherWorks() throws Exception {
        assumeTrue(System.getenv("JAVA_FIRST_TOXICS") != null, "a folder has no network");
        start("first", "camel-cut-off", EXPIRING);
        goesOn("first");
        start("second", "camel-cut-off", EXPIRING);
        goesOn("first");
        for (String stream : List.of("upstream", "downstream")) {
            String toxic = "{\"type\": \"timeout\", \"stream\": \"%s\", \"attributes\": {\"timeout\": 0}}";
            send(toxics("").POST(HttpRequest.BodyPublishers.ofString(toxic.formatted(stream))));
        }
        goesOn("second");
        for (String stream : List.of("upstream", "downstream")) {
            send(toxics("/timeout_" + stream).DELETE());
        }
        goesOn("second");
        noneWasDoneTwice();
    }

    private void noneWasDoneTwice() throws Exception {
        work.wasFilledBy("first", "second");
        // Those of the listener: the one that leads is told so once.
        List<String> leaders = terms.lines().stream()
                .filter(line -> line.endsWith(" leads"))
                .distinct()
                .toList();
        assertEquals(List.of("first leads", "second leads"), leaders);
        System.err.printf("%d exchanges, none twice%n", work.lines().size());
    }

    private Process start(String name, String lock, Map<String, String> settings) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                CamelApplication.class.getName(),
                name,
                folder.toString(),
                lock);
        Map<String, String> environment = builder.environment();
        environment.putAll(settings);
        String kubeconfig = System.getenv("JAVA_" + name.toUpperCase(Locale.ROOT) + "_KUBECONFIG");
        if (kubeconfig == null) {
            environment.put("LEASEHOLD_MODE", "file");
            environment.put("LEASEHOLD_DIRECTORY", folder.resolve("leases").toString());
        } else {
            environment.put("LEASEHOLD_MODE", "kubernetes");
            environment.put("LEASEHOLD_KUBECONFIG", kubeconfig);
        }
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile())
                .start();
        processes.add(process);
        return process;
    }

    /** Waits until this instance has done some more, and leads for its listener as well. */
    private void goesOn(String name) throws Exception {
        long wanted = work.countOf(name) + SOME;
        long limit = System.nanoTime() + LIMIT_SECONDS * 1_000_000_000;
        while (work.countOf(name) < wanted || !terms.lines().contains(name + " leads")) {
            if (System.nanoTime() > limit) {
                String said = java.nio.file.Files.readString(folder.resolve(name + ".log"));
                throw new AssertionError(name + " does not work:\n" + said);
            }
            Thread.sleep(10);
        }
    }

    private static HttpRequest.Builder toxics(String path) {
        return HttpRequest.newBuilder(URI.create(System.getenv("JAVA_FIRST_TOXICS") + path));
    }

    private static void send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> answer =
                HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(2, answer.statusCode() / 100, answer.body());
    }
}
