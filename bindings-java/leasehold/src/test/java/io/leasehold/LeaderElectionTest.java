package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaderElectionTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    @Test
    void aLoneCandidateLeads() throws Exception {
        try (LeaderElection election = LeaderElection.builder("jobs").mode(Mode.FILE).directory(folder).start()) {
            Term term = election.awaitLeadership(LIMIT);
            assertTrue(election.isLeader());
            assertTrue(term.isValid());
            assertEquals(term, election.term().orElseThrow());
            election.close();
            assertFalse(election.isLeader());
            assertFalse(term.isValid());
        }
    }
}
