package com.example.micronaut;

import io.leasehold.LeaderElection;
import io.micronaut.scheduling.annotation.Scheduled;
import jakarta.inject.Singleton;

@Singleton
class NightlyJobs {
    private final LeaderElection election;

    NightlyJobs(LeaderElection election) {
        this.election = election;
    }

    @Scheduled(cron = "0 0 2 * * *")
    void cleanUp() {
        election.runIfLeader(term -> System.out.println("cleaning up, under token " + term.fencingToken()));
    }
}
