package com.example;

import io.leasehold.LeaderElection;

final class BillingJob {
    private final LeaderElection election;
    private int invoices;

    BillingJob(LeaderElection election) {
        this.election = election;
    }

    void run() {
        election.runIfLeader(() -> {
            invoices++;
        });
    }

    int invoices() {
        return invoices;
    }
}
