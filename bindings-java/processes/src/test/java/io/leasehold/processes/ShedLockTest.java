package io.leasehold.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that fire one job: each run is one process's, also if that is terminated or killed.
 *
 * <p>On a real API server where {@code JAVA_FIRST_KUBECONFIG} and its like say how to reach it; else in a folder.
 */
class ShedLockTest {
    private static final int SOME = 5;
    private static final long LIMIT_SECONDS = 60;
    private static final Map<String, String> QUICK =
            Map.of("LEASEHOLD_LEASE_DURATION", "6", "LEASEHOLD_RENEW_DEADLINE", "3", "LEASEHOLD_RETRY_PERIOD", "0.5");

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void endAll() throws InterruptedException {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void jobsGoOnWhereProcessesAreTerminatedAndKilled() throws Exception {
        Process first = start("first");
        start("second");
        goesOn("first");
        goesOn("second");
        first.destroy();
        assertTrue(first.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS));
        goesOn("second");

        Process third = start("third");
        goesOn("third");
        third.destroyForcibly().waitFor();
        goesOn("second");
        noneWasDoneTwice();
    }

    private void noneWasDoneTwice() throws Exception {
        long token = 0;
        int next = 1;
        for (String line : lines()) {
            String[] words = line.split(" ");
            assertEquals(next++, Integer.parseInt(words[1]), () -> "done twice: " + line);
            long present = Long.parseLong(words[2]);
            assertTrue(present >= token, () -> "an older token: " + line);
            token = present;
        }
        System.err.printf("%d times, none twice%n", next - 1);
    }

    private List<String> lines() throws Exception {
        Path ledger = folder.resolve("ledger");
        return Files.exists(ledger) ? Files.readAllLines(ledger) : List.of();
    }

    private Process start(String name) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                ShedLockApplication.class.getName(),
                name,
                folder.resolve("ledger").toString(),
                "shedlock-job");
        Map<String, String> environment = builder.environment();
        environment.putAll(QUICK);
        String way = name.equals("first") ? "FIRST" : "SECOND";
        String kubeconfig = System.getenv("JAVA_" + way + "_KUBECONFIG");
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

    /** Waits until this process has done some more. */
    private void goesOn(String name) throws Exception {
        long wanted = countOf(name) + SOME;
        long limit = System.nanoTime() + LIMIT_SECONDS * 1_000_000_000;
        while (countOf(name) < wanted) {
            if (System.nanoTime() > limit) {
                throw new AssertionError(name + " does not work:\n" + Files.readString(folder.resolve(name + ".log")));
            }
            Thread.sleep(10);
        }
    }

    private long countOf(String name) throws Exception {
        return lines().stream().filter(line -> line.startsWith(name + " ")).count();
    }
}
