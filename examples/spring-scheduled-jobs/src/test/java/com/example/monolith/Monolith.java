package com.example.monolith;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One instance, as a process of its own. */
final class Monolith implements AutoCloseable {
    private final String name;
    private final Process process;
    private final Path log;

    private Monolith(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    static Monolith start(String name, Path folder, List<String> settings) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-jar", System.getProperty("example.jar")));
        command.addAll(List.of("--instance.name=" + name, "--leasehold.identity=" + name));
        command.addAll(settings);
        Path log = folder.resolve(name + ".log");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new Monolith(name, process, log);
    }

    String name() {
        return name;
    }

    /** Fails with what it said, unless it runs. */
    void mustBeAlive() throws IOException {
        if (!process.isAlive()) {
            throw new AssertionError(name + " has ended:\n" + said());
        }
    }

    String said() throws IOException {
        return Files.readString(log);
    }

    /** SIGTERM, as Kubernetes does. */
    void terminate() {
        process.destroy();
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() throws InterruptedException {
        terminate();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            kill();
        }
    }
}
