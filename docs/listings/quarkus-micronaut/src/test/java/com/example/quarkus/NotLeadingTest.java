package com.example.quarkus;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.LostReason;
import io.leasehold.test.TestLeaderElection;
import org.junit.jupiter.api.Test;

class NotLeadingTest {
    @Test
    void jobsAreSkippedWhereThisInstanceDoesNotLead() {
        TestLeaderElection election = TestLeaderElection.started();
        NotLeading predicate = new NotLeading(election);
        assertTrue(predicate.test(null));
        election.lead();
        assertFalse(predicate.test(null));
        election.lose(LostReason.EXPIRED);
        assertTrue(predicate.test(null));
    }
}
