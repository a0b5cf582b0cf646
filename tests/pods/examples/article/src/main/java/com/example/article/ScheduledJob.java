package com.example.article;

import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** A job of each instance, which only the leader does. */
@Component
class ScheduledJob {
    private final ClusterLeaderService clusterLeaderService;

    ScheduledJob(ClusterLeaderService clusterLeaderService) {
        this.clusterLeaderService = clusterLeaderService;
    }

    @Scheduled(fixedRate = 1000)
    void run() {
        System.out.println(clusterLeaderService.isThisInstanceLeader() ? "I am the leader" : "I follow");
    }
}
