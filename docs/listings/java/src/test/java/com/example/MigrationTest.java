package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation shows of work that runs once. */
class MigrationTest {
    private final List<Long> migrations = new ArrayList<>();

    private void migrate(long fence) {
        migrations.add(fence);
    }

    @Test
    void itRunsOnceForEachVersion(@TempDir Path folder) throws Exception {
        String version = "1.4.2";
        try (LeaderElection election = LeaderElection.builder("shop-migration")
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30))
                .build()) {
            boolean here = election.runOnce(version, term -> migrate(term.fencingToken()));
            assertEquals(true, here);
            assertEquals(false, election.runOnce(version, term -> migrate(term.fencingToken())));
        }
        assertEquals(1, migrations.size());
    }
}
