package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnduranceTest {
    /** Creates and closes elections, and prints what they have left behind. */
    static final class Cycles {
        private static final int WARM_UP = 5;
        private static final int MEASURED = 30;

        private static final String ONE_HUNDRED = "a hundred more";

        private Cycles() {}

        public static void main(String[] arguments) throws Exception {
            run(WARM_UP);
            long memory = status("VmRSS:");
            long threads = status("Threads:");
            run(MEASURED);
            Elections.eventually("the threads have ended", () -> status("Threads:") <= threads);
            System.gc();
            System.out.println("grown by " + (status("VmRSS:") - memory) + " KiB");
        }

        private static void run(int hundreds) throws InterruptedException {
            for (int hundred = 0; hundred < hundreds; hundred++) {
                runHundred();
                System.out.println(ONE_HUNDRED);
            }
        }

        private static void runHundred() throws InterruptedException {
            for (int cycle = 0; cycle < 100; cycle++) {
                try (LeaderElection election =
                        LeaderElection.builder("jobs").mode(Mode.ALWAYS).start()) {
                    election.addListener(new LeadershipListener() {});
                    election.waitForLeadership(Elections.LIMIT);
                    election.runIfLeader(Term::check);
                    election.status();
                    election.metrics();
                    refuse();
                }
            }
        }

        private static void refuse() {
            try {
                LeaderElection.builder("jobs").set("colour", "red").build();
                throw new AssertionError("there is no such setting");
            } catch (ConfigException expected) {
                // Thrown by the native half.
            }
        }

        private static long status(String field) {
            try {
                return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith(field))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow();
            } catch (IOException notLinux) {
                throw new IllegalStateException(notLinux);
            }
        }
    }

    /** A kilobyte for each would be 3,000. */
    @Test
    void thousandsOfElectionsLeaveNeitherMemoryNorThreadsBehind() throws Exception {
        List<String> fixedHeap = List.of("-Xms32m", "-Xmx32m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");
        try (ChildJvm child = ChildJvm.running(fixedHeap, Cycles.class)) {
            // However slow the machine is: each hundred has the time of one line.
            for (int hundred = 0; hundred < Cycles.WARM_UP + Cycles.MEASURED; hundred++) {
                child.says(Cycles.ONE_HUNDRED);
            }
            assertEquals(0, child.ends(), child::output);
            String last = child.output().lines().reduce((before, line) -> line).orElseThrow();
            long grown = Long.parseLong(last.replaceAll("[^\\d-]", ""));
            assertTrue(grown < 3_000, last);
        }
    }
}
