package io.leasehold.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** What has been done, in a file that all instances share. */
record Ledger(Path file, String name) {
    /** Twice the same, if another instance does so meanwhile. */
    void doOneMore() throws IOException, InterruptedException {
        long done = lines().size();
        Thread.sleep(30);
        note(Long.toString(done + 1));
    }

    void note(String what) throws IOException {
        Files.writeString(file, name + " " + what + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    List<String> lines() throws IOException {
        return Files.exists(file) ? Files.readAllLines(file) : List.of();
    }

    long countOf(String who) throws IOException {
        return lines().stream().filter(line -> line.startsWith(who + " ")).count();
    }

    /** Nothing was done twice, and one did it after the other. */
    void wasFilledBy(String... turns) throws IOException {
        List<String> seen = new ArrayList<>();
        int next = 1;
        for (String line : lines()) {
            String[] words = line.split(" ");
            assertEquals(next, Integer.parseInt(words[1]), () -> "done twice: " + line);
            next++;
            if (seen.isEmpty() || !seen.get(seen.size() - 1).equals(words[0])) {
                seen.add(words[0]);
            }
        }
        assertEquals(List.of(turns), seen);
    }
}
