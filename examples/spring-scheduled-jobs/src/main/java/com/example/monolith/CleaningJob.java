package com.example.monolith;

import io.leasehold.spring.ClusterLeaderService;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Guarded by hand. It is short, and would do no harm if it were done twice. */
@Component
class CleaningJob {
    private final ClusterLeaderService clusterLeaderService;
    private final JdbcClient database;
    private final JobHistory history;

    CleaningJob(ClusterLeaderService clusterLeaderService, JdbcClient database, JobHistory history) {
        this.clusterLeaderService = clusterLeaderService;
        this.database = database;
        this.history = history;
    }

    @Scheduled(fixedDelayString = "${jobs.cleaning.delay:2s}")
    void clean() {
        if (!clusterLeaderService.isThisInstanceLeader()) {
            return;
        }
        int removed = database.sql("DELETE FROM job_run WHERE at < DATEADD(HOUR, -1, CURRENT_TIMESTAMP)").update();
        history.note("cleaning", removed + " old entries removed");
    }
}
