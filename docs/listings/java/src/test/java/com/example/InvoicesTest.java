package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.leasehold.LeaderElection;
import io.leasehold.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation shows of a firing that runs once. */
class InvoicesTest {
    private int sent;

    private void sendInvoices() {
        sent++;
    }

    @Test
    void aFiringRunsOnce(@TempDir Path folder) throws Exception {
        Instant due = Instant.parse("2024-02-29T03:00:00Z");
        try (LeaderElection election = LeaderElection.builder("billing")
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30))
                .start()) {
            election.waitForLeadership(Duration.ofSeconds(60));
            for (int timer = 0; timer < 2; timer++) {
                election.runIfLeader(term -> {
                    if (election.claim("billing.invoices", due)) {
                        sendInvoices();
                    }
                });
            }
            assertEquals(1, sent);
        }
    }
}
