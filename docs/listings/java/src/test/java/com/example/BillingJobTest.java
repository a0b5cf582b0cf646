package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.leasehold.test.LeaseholdExtension;
import io.leasehold.test.TestLeaderElection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeaseholdExtension.class)
class BillingJobTest {
    @Test
    void onlyTheLeaderBills(TestLeaderElection election) {
        BillingJob job = new BillingJob(election);
        job.run();
        assertEquals(0, job.invoices());
        election.lead();
        job.run();
        assertEquals(1, job.invoices());
    }
}
