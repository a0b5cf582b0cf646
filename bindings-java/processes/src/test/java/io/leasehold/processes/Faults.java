package io.leasehold.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Two processes of an application, whose work is counted: none is done twice, no matter what happens to the first of them.
 *
 * <p>On a real API server if {@code JAVA_KUBECONFIG} and its like say how to reach it, through a network of its own for who
 * is cut off; else in a folder.
 */
@Execution(ExecutionMode.CONCURRENT)
abstract class Faults {
    private static final int SOME = 5;
    private static final long LIMIT_SECONDS = 120;

    /** Who has its turn after another does so because that one has released. */
    private static final Map<String, String> RELEASED =
            Map.of("LEASEHOLD_LEASE_DURATION", "3600", "LEASEHOLD_RENEW_DEADLINE", "1800");

    /** Long enough that a busy machine does not end a term. */
    private static final Map<String, String> EXPIRING =
            Map.of("LEASEHOLD_LEASE_DURATION", "12", "LEASEHOLD_RENEW_DEADLINE", "9", "LEASEHOLD_RETRY_PERIOD", "1");

    private final String framework;
    private final Class<?> application;
    private final List<Work> kinds;

    @TempDir
    Path folder;

    private Ledger ledger;
    private final Map<String, Process> processes = new HashMap<>();

    /** Its Leases are called as the framework and the fault. */
    Faults(String framework, Class<?> application, Work... kinds) {
        this.framework = framework;
        this.application = application;
        this.kinds = List.of(kinds);
    }

    @BeforeEach
    void openTheLedger() throws Exception {
        ledger = Ledger.in(folder);
    }

    @AfterEach
    void endAll() throws Exception {
        for (Process process : processes.values()) {
            process.destroyForcibly().waitFor();
        }
        ledger.close();
    }

    @Test
    void oneThatIsTerminatedHandsOver() throws Exception {
        Process first = beginAs("terminated", RELEASED);
        first.destroy();
        goesOn("second");
        noneWasDoneTwice();
    }

    @Test
    void oneThatIsKilledIsSucceeded() throws Exception {
        Process first = beginAs("killed", EXPIRING);
        first.destroyForcibly();
        goesOn("second");
        noneWasDoneTwice();
    }

    @Test
    void oneThatIsCutOffHasStoppedBeforeAnotherWorks() throws Exception {
        assumeTrue(System.getenv(network() + "_TOXICS") != null, "a folder has no network");
        beginAs("cut-off", EXPIRING);
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

    /** Two processes, of which the first has the first turn. Returns that. */
    private Process beginAs(String fault, Map<String, String> settings) throws Exception {
        Process first = start("first", fault, settings);
        goesOn("first");
        start("second", fault, settings);
        eventually("second", () -> ledger.knows("second"));
        goesOn("first");
        return first;
    }

    private Process start(String name, String fault, Map<String, String> settings) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                application.getName(),
                name,
                ledger.url(),
                framework + "-" + fault);
        Map<String, String> environment = builder.environment();
        environment.putAll(settings);
        String way = fault.equals("cut-off") && name.equals("first") ? network() : "JAVA";
        String kubeconfig = System.getenv(way + "_KUBECONFIG");
        if (kubeconfig == null) {
            environment.put("LEASEHOLD_MODE", "file");
            environment.put("LEASEHOLD_DIRECTORY", folder.resolve("leases").toString());
        } else {
            environment.put("LEASEHOLD_MODE", "kubernetes");
            environment.put("LEASEHOLD_KUBECONFIG", kubeconfig);
        }
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(log(name).toFile())
                .start();
        processes.put(name, process);
        return process;
    }

    /** Waits until this process has done some more of each kind. */
    private void goesOn(String name) throws Exception {
        for (Work kind : kinds) {
            long wanted = ledger.countOf(kind, name) + SOME;
            eventually(name, () -> ledger.countOf(kind, name) >= wanted);
        }
    }

    private void noneWasDoneTwice() throws Exception {
        long count = 0;
        for (Work kind : kinds) {
            count += ledger.checkNoneTwice(kind);
        }
        if (kinds.contains(Work.OF_THE_LEADER)) {
            assertHandedOver(ledger.turns(Work.OF_THE_LEADER));
            // And so its listeners were told.
            assertHandedOver(ledger.leaders());
        }
        System.err.printf("%s: %d times, none twice%n", framework, count);
    }

    /** From the first to the second, in the end: a machine that stands still for long lets terms change hands before. */
    private static void assertHandedOver(List<String> turns) {
        assertEquals("first", turns.get(0), turns::toString);
        assertEquals("second", turns.get(turns.size() - 1), turns::toString);
    }

    private void eventually(String name, Callable<Boolean> holds) throws Exception {
        long limit = System.nanoTime() + LIMIT_SECONDS * 1_000_000_000;
        while (!holds.call()) {
            if (System.nanoTime() > limit || !processes.get(name).isAlive()) {
                throw new AssertionError(name + " does not work:\n" + said(name));
            }
            Thread.sleep(10);
        }
    }

    private String said(String name) throws IOException {
        return Files.readString(log(name));
    }

    private Path log(String name) {
        return folder.resolve(name + ".log");
    }

    /** What is cut off by one fault of one framework alone. */
    private String network() {
        return "JAVA_" + framework.toUpperCase(Locale.ROOT);
    }

    private HttpRequest.Builder toxics(String path) {
        return HttpRequest.newBuilder(URI.create(System.getenv(network() + "_TOXICS") + path));
    }

    private static void send(HttpRequest.Builder request) throws Exception {
        HttpResponse<String> answer =
                HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(2, answer.statusCode() / 100, answer.body());
    }
}
