package com.example.monolith;

import io.leasehold.spring.LeaderOnly;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Guarded by an annotation: the Lease stays here until the report is done. */
@Component
class ReportingJob {
    private final JdbcClient database;
    private final JobHistory history;

    ReportingJob(JdbcClient database, JobHistory history) {
        this.database = database;
        this.history = history;
    }

    @LeaderOnly
    @Scheduled(fixedDelayString = "${jobs.reporting.delay:5s}")
    void report() {
        Long orders = database.sql("SELECT COUNT(*) FROM orders").query(Long.class).single();
        Long invoices = database.sql("SELECT COUNT(*) FROM invoice").query(Long.class).single();
        history.note("reporting", orders + " orders, " + invoices + " of them billed");
    }
}
