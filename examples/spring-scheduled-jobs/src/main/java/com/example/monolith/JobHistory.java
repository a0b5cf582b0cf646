package com.example.monolith;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Which instance did what. */
@Component
class JobHistory {
    private static final Logger LOGGER = LoggerFactory.getLogger(JobHistory.class);

    private final JdbcClient database;
    private final Instance instance;

    JobHistory(JdbcClient database, Instance instance) {
        this.database = database;
        this.instance = instance;
    }

    void note(String job, String outcome) {
        database.sql("INSERT INTO job_run (job, instance) VALUES (?, ?)").params(job, instance.name()).update();
        LOGGER.info("{}: {}", job, outcome);
    }
}
