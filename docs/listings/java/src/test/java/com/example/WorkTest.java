package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.Loss;
import io.leasehold.Mode;
import io.leasehold.SingletonService;
import io.leasehold.Term;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation shows of work under a term. */
class WorkTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final List<String> done = new CopyOnWriteArrayList<>();

    @TempDir
    Path folder;

    @Test
    void longWorkAsksBetweenItsSteps() throws Exception {
        List<String> invoices = List.of("first", "second");
        try (LeaderElection election = election().start()) {
            election.waitForLeadership(LIMIT);
            // Elsewhere returns at once. Here the Lease stays until it has returned.
            election.runIfLeader(term -> {
                for (String invoice : invoices) {
                    term.check(); // throws a LeadershipLostException once the term is over
                    send(invoice, term.fencingToken());
                }
            });
        }
        assertEquals(invoices, done);
    }

    @Test
    void whatRunsWithLeadershipStopsWithIt() throws Exception {
        Consumer consumer = new Consumer();
        LeaderElection election = election().build();
        election.addSingletonService(new SingletonService() {
            @Override
            public void start(Term term) {
                consumer.start();
            }

            @Override
            public void stop() {
                consumer.close(); // the Lease is released after this has returned
            }
        });
        election.start();
        assertTrue(consumer.hasStarted.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
        election.close();
        assertEquals(List.of("started", "closed"), done);
    }

    @Test
    void listenersAreTold() throws Exception {
        LeaderElection election = election().build();
        election.addListener(new LeadershipListener() {
            @Override
            public void acquired(Term term) {
                done.add("leading");
            }

            @Override
            public void lost(Loss loss) {
                done.add("no longer leading: " + loss.reason());
            }
        });
        election.start();
        election.waitForLeadership(LIMIT);
        election.close();
        assertEquals(List.of("leading", "no longer leading: STOPPED"), done);
    }

    private LeaderElection.Builder election() {
        return LeaderElection.builder("monolith-jobs")
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30));
    }

    private void send(String invoice, long token) {
        assert token > 0;
        done.add(invoice);
    }

    private final class Consumer {
        final CountDownLatch hasStarted = new CountDownLatch(1);

        void start() {
            done.add("started");
            hasStarted.countDown();
        }

        void close() {
            done.add("closed");
        }
    }
}
