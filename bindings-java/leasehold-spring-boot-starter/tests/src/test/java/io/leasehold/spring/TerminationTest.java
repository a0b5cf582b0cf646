package io.leasehold.spring;

import static io.leasehold.spring.Contexts.LIMIT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an instance that Kubernetes ends has in its log. */
class TerminationTest {
    @TempDir
    Path folder;

    static final class Instance {
        private Instance() {}

        public static void main(String[] arguments) throws InterruptedException {
            Contexts.instance(Path.of(arguments[0]), "a", LifecycleTest.Nothing.class);
            new CountDownLatch(1).await();
        }
    }

    @Test
    void howTheElectionEndsIsInTheLogOfAnInstanceThatIsTerminated() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("java.class.path");
        List<String> command = List.of(
                java, "-Dlogging.level.root=info", "-cp", classPath, Instance.class.getName(), folder.toString());
        Process instance = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (BufferedReader log = instance.inputReader()) {
            assertThat(soon(() -> readUntil(log, " leading"))).isNotNull();
            // SIGTERM.
            instance.toHandle().destroy();
            assertThat(soon(() -> log.lines().collect(Collectors.joining("\n"))))
                    .contains("no longer leading")
                    .contains("stopped");
        } finally {
            instance.destroyForcibly();
        }
    }

    /** Null if there is no such line. */
    private static String readUntil(BufferedReader log, String wanted) throws IOException {
        String line;
        do {
            line = log.readLine();
        } while (line != null && !line.contains(wanted));
        return line;
    }

    private static <T> T soon(Callable<T> work) throws Exception {
        CompletableFuture<T> done = new CompletableFuture<>();
        Thread worker = new Thread(() -> {
            try {
                done.complete(work.call());
            } catch (Exception failure) {
                done.completeExceptionally(failure);
            }
        });
        worker.setDaemon(true);
        worker.start();
        // A JVM of its own starts meanwhile, and a whole application in it.
        return done.get(3 * LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
}
