package com.example.monolith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.leasehold.spring.ClusterLeaderService;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** A single instance, which always leads. */
@SpringBootTest(properties = {
    "leasehold.mode=always",
    "spring.datasource.url=jdbc:h2:mem:monolith;LOCK_TIMEOUT=60000",
    "jobs.billing.delay=1h"
})
class BillingJobTest {
    private static final long OF_A_LATER_LEADER = Long.MAX_VALUE;

    @Autowired
    ClusterLeaderService clusterLeaderService;

    @Autowired
    BillingJob billing;

    @Autowired
    Orders orders;

    @Autowired
    Fence fence;

    @Autowired
    JdbcClient database;

    @Autowired
    TransactionTemplate transaction;

    @BeforeEach
    void thisInstanceLeadsAndNobodyHasBefore() throws InterruptedException {
        clusterLeaderService.election("billing").waitForLeadership(Duration.ofSeconds(60));
        database.sql("DELETE FROM fence").update();
    }

    @Test
    void eachOrderIsBilledOnce() {
        orders.take();
        long order = lastOrder();
        billing.bill();
        billing.bill();
        assertThat(invoicesOf(order)).isEqualTo(1);
    }

    @Test
    void aLeaderWhoDoesNotKnowThatItIsNoneAnyMoreIsRefused() {
        transaction.executeWithoutResult(status -> fence.pass("billing", OF_A_LATER_LEADER));
        orders.take();
        long order = lastOrder();
        assertThatExceptionOfType(StaleLeaderException.class).isThrownBy(billing::bill);
        assertThat(invoicesOf(order)).isZero();
    }

    @Test
    void ofTwoLeadersTheEarlierOneWaitsForTheLaterOneAndIsRefused() throws Exception {
        transaction.executeWithoutResult(status -> fence.pass("billing", 1));
        CompletableFuture<Void> earlier = transaction.execute(status -> {
            fence.pass("billing", OF_A_LATER_LEADER);
            CompletableFuture<Void> begun = new CompletableFuture<>();
            CompletableFuture<Void> outcome = CompletableFuture.runAsync(() -> {
                begun.complete(null);
                billing.bill();
            });
            begun.join();
            return outcome;
        });
        assertThat(earlier.handle((nothing, failure) -> failure).get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(StaleLeaderException.class);
    }

    private long lastOrder() {
        return database.sql("SELECT MAX(id) FROM orders").query(Long.class).single();
    }

    private long invoicesOf(long order) {
        return database.sql("SELECT COUNT(*) FROM invoice WHERE order_id = ?").param(order).query(Long.class).single();
    }
}
