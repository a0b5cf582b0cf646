package com.example.monolith;

import io.leasehold.Term;
import io.leasehold.spring.LeaderAssert;
import io.leasehold.spring.LeaderOnly;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Must not be done twice, no matter what happens: a leader may be paused between the question and the write, for
 * minutes. So each transaction shows its fencing token to the database, which refuses that of an earlier leader.
 */
@Component
class BillingJob {
    private final JdbcClient database;
    private final Fence fence;
    private final Instance instance;
    private final JobHistory history;

    BillingJob(JdbcClient database, Fence fence, Instance instance, JobHistory history) {
        this.database = database;
        this.fence = fence;
        this.instance = instance;
        this.history = history;
    }

    @LeaderOnly("billing")
    @Scheduled(fixedDelayString = "${jobs.billing.delay:2s}")
    @Transactional
    void bill() {
        Term term = LeaderAssert.assertLeader("billing");
        fence.pass("billing", term.fencingToken());
        int billed = database.sql("""
                        INSERT INTO invoice (order_id, issued_by, fencing_token)
                        SELECT id, ?, ? FROM orders WHERE id NOT IN (SELECT order_id FROM invoice)
                        """)
                .params(instance.name(), term.fencingToken())
                .update();
        history.note("billing", billed + " orders billed under token " + term.fencingToken());
    }
}
