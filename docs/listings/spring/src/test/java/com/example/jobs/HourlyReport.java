package com.example.jobs;

import io.leasehold.spring.LeaderOnly;
import io.leasehold.spring.LeadershipAcquiredEvent;
import java.util.concurrent.TimeUnit;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

@Component
class HourlyReport {
    /** Each hour, and at once when this instance begins to lead. */
    @LeaderOnly
    @EventListener(classes = LeadershipAcquiredEvent.class, condition = "event.payload.election() == 'default'")
    @Scheduled(initialDelay = 1, fixedRate = 1, timeUnit = TimeUnit.HOURS)
    void report() {
        System.out.println("reporting");
    }
}
