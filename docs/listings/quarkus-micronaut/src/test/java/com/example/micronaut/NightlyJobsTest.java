package com.example.micronaut;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.LeaderElection;
import io.micronaut.context.ApplicationContext;
import org.junit.jupiter.api.Test;

/** In Micronaut itself; in mode {@code always}, which the pom sets. */
class NightlyJobsTest {
    @Test
    void theElectionIsABeanAndEndsWithTheApplication() {
        LeaderElection election;
        try (ApplicationContext application = ApplicationContext.run()) {
            election = application.getBean(LeaderElection.class);
            application.getBean(NightlyJobs.class).cleanUp();
            assertTrue(election.isLeader());
        }
        assertFalse(election.isLeader());
    }
}
