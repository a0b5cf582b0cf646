package com.example.jobs;

import io.leasehold.spring.ClusterLeaderService;
import io.leasehold.spring.LeaderOnly;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

@Component
class NightlyJobs {
    private final ClusterLeaderService clusterLeaderService;

    NightlyJobs(ClusterLeaderService clusterLeaderService) {
        this.clusterLeaderService = clusterLeaderService;
    }

    @Scheduled(cron = "0 0 2 * * *")
    void cleanUp() {
        if (!clusterLeaderService.isThisInstanceLeader()) {
            return;
        }
        System.out.println("cleaning up, on one instance only");
    }

    @LeaderOnly("billing")
    @Scheduled(cron = "0 0 3 * * *")
    void bill() {
        System.out.println("billing, and the Lease stays here until this returns");
    }
}
