package com.example.demo;

import io.leasehold.Term;
import io.leasehold.spring.LeaderAssert;
import io.leasehold.spring.LeaderOnly;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** On the leader, runs each second, once. */
@Component
class Job {
    private final Ledger ledger;
    private Instant last = Instant.MIN;

    Job(Ledger ledger) {
        this.ledger = ledger;
    }

    @LeaderOnly
    @Scheduled(fixedRate = 50)
    void run() {
        Term term = LeaderAssert.assertLeader();
        Instant due = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        // It belongs to the leader of that time, which may have done it before this one led.
        if (!due.isAfter(last) || !due.isAfter(term.acquiredAt())) {
            return;
        }
        last = due;
        ledger.note("run", term.fencingToken(), due.getEpochSecond());
    }
}
