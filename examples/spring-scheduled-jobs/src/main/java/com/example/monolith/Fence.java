package com.example.monolith;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Keeps the writes of an earlier leader out of the database, however late it notices that it no longer leads. */
@Component
class Fence {
    private final JdbcClient database;

    Fence(JdbcClient database) {
        this.database = database;
    }

    /**
     * Comes first in each transaction that only a leader may do. Its row stays locked until the transaction ends, so of
     * two leaders one waits here, and goes on only if its token is the greater one.
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void pass(String job, long token) {
        int passed = database.sql("""
                        MERGE INTO fence USING (VALUES (CAST(? AS VARCHAR), CAST(? AS BIGINT))) AS mine (job, token)
                        ON fence.job = mine.job
                        WHEN MATCHED AND fence.token <= mine.token THEN UPDATE SET token = mine.token
                        WHEN NOT MATCHED THEN INSERT (job, token) VALUES (mine.job, mine.token)
                        """)
                .params(job, token)
                .update();
        if (passed == 0) {
            throw new StaleLeaderException(job, token);
        }
    }
}
