package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Another JVM, which checks its JNI calls. Killed when closed, unless it has ended. */
final class ChildJvm implements AutoCloseable {
    private static final String LOGGING = "java.util.logging.config.file";

    private final Process process;
    private final BufferedWriter input;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> all = new ArrayList<>();
    private final Thread reader = new Thread(this::read);

    private ChildJvm(List<String> command) throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        input = process.outputWriter();
        reader.start();
    }

    /** Runs a program of the tests. */
    static ChildJvm running(Class<?> program, Object... arguments) throws IOException {
        return running(List.of(), program, arguments);
    }

    /** Runs a program of the tests, with options for its JVM. */
    static ChildJvm running(List<String> options, Class<?> program, Object... arguments) throws IOException {
        String classPath = place(LeaderElection.class) + ":" + place(program);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xcheck:jni", "-XX:TieredStopAtLevel=1", "-cp", classPath));
        // What the environment has on its library path is not for the tests.
        command.add("-Djava.library.path=");
        command.add("-D" + LOGGING + "=" + System.getProperty(LOGGING));
        command.addAll(options);
        command.add(program.getName());
        Arrays.stream(arguments).map(Object::toString).forEach(command::add);
        return new ChildJvm(command);
    }

    static ChildJvm of(List<String> command) throws IOException {
        return new ChildJvm(command);
    }

    /** Where a class was loaded from. */
    static Path place(Class<?> program) {
        try {
            return Path.of(
                    program.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void read() {
        try (BufferedReader output = process.inputReader()) {
            String line;
            while ((line = output.readLine()) != null) {
                synchronized (all) {
                    all.add(line);
                }
                lines.add(line);
            }
        } catch (IOException ended) {
            // Killed.
        }
    }

    /** Waits until it says one of these lines, and returns it. */
    String says(String... wanted) throws InterruptedException {
        List<String> any = List.of(wanted);
        String line;
        do {
            line = lines.poll(Elections.LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertTrue(line != null, () -> "not said: " + any + ", but:\n" + output());
        } while (!any.contains(line));
        return line;
    }

    void tell(String line) throws IOException {
        input.write(line);
        input.newLine();
        input.flush();
    }

    void signal(String name) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
        assertTrue(kill.waitFor() == 0, name);
    }

    /** Waits until it has ended, and returns its exit code. */
    int ends() throws InterruptedException {
        boolean ended = process.waitFor(Elections.LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertTrue(ended, () -> "it does not end:\n" + output());
        reader.join();
        assertFalse(output().contains("in native method"), () -> "-Xcheck:jni has found something:\n" + output());
        return process.exitValue();
    }

    String output() {
        synchronized (all) {
            return String.join("\n", all);
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
        reader.join();
    }
}
