package com.example.quarkus;

import io.leasehold.LeaderElection;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.ScheduledExecution;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

class Elections {
    @Produces
    @Singleton
    LeaderElection election() {
        return LeaderElection.builder("nightly-jobs").stopAtShutdown(false).start();
    }

    void close(@Disposes LeaderElection election) {
        election.close();
    }
}

@Singleton
class NotLeading implements Scheduled.SkipPredicate {
    private final LeaderElection election;

    NotLeading(LeaderElection election) {
        this.election = election;
    }

    @Override
    public boolean test(ScheduledExecution execution) {
        return !election.isLeader();
    }
}
