package io.leasehold.bench;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * {@code Footprint COUNT}, with {@code KUBECONFIG}: how long after {@code start()} an election leads on a fresh Lease in a
 * warm JVM, and what memory a leader adds.
 */
public final class Footprint {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Footprint() {}

    /**
     * Measures.
     *
     * @param arguments how many elections
     * @throws Exception if something fails
     */
    public static void main(String[] arguments) throws Exception {
        warmUp();
        long before = resident();
        try (LeaderElection leader = start()) {
            leader.waitForLeadership(LIMIT);
            Thread.sleep(Duration.ofSeconds(5).toMillis());
            System.out.printf("resident memory: +%.1f MiB%n", (resident() - before) / 1024.0);
        }
        double[] millis = new double[Integer.parseInt(arguments[0])];
        for (int number = 0; number < millis.length; number++) {
            long started = System.nanoTime();
            try (LeaderElection election = start()) {
                election.waitForLeadership(LIMIT);
                millis[number] = (System.nanoTime() - started) / 1e6;
            }
        }
        Arrays.sort(millis);
        double median = millis[millis.length / 2];
        System.out.printf("first leadership: median %.1f ms, longest %.1f ms%n", median, millis[millis.length - 1]);
    }

    /** What any application has in memory before it elects: the JDK's jars, digests, logs, threads and futures. */
    private static void warmUp() throws Exception {
        MessageDigest.getInstance("SHA-256").digest(new byte[1 << 20]);
        try (InputStream jar = LeaderElection.class.getResourceAsStream("LeaderElection.class")) {
            jar.transferTo(OutputStream.nullOutputStream());
        }
        System.getLogger("warm-up").log(System.Logger.Level.INFO, "warm");
        CompletableFuture.runAsync(() -> {}).get();
        Files.delete(Files.createTempFile("warm-up", null));
        resident();
        System.gc();
    }

    private static LeaderElection start() {
        return LeaderElection.builder("bench-" + UUID.randomUUID())
                .mode(Mode.KUBERNETES)
                .start();
    }

    /** In KiB. */
    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
