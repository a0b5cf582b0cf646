package com.example.quarkus;

import io.quarkus.scheduler.Scheduled;

class NightlyJobs {
    @Scheduled(cron = "0 0 2 * * ?", skipExecutionIf = NotLeading.class)
    void cleanUp() {
        System.out.println("cleaning up, on one instance only");
    }
}
