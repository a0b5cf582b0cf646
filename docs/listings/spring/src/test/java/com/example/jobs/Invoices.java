package com.example.jobs;

import io.leasehold.spring.LeaderOnly;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

@Component
class Invoices {
    /** Each firing once, and one that was missed by the next leader, if that is within an hour. */
    @LeaderOnly(claim = "billing.invoices", missedWithin = "1h")
    @Scheduled(cron = "0 0 3 * * *", zone = "Europe/Berlin")
    void send() {
        System.out.println("sending invoices");
    }
}
