package io.leasehold.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.ClosedException;
import io.leasehold.ConfigException;
import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.LeadershipLostException;
import io.leasehold.Loss;
import io.leasehold.LostReason;
import io.leasehold.Registration;
import io.leasehold.Role;
import io.leasehold.SingletonService;
import io.leasehold.Term;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeaseholdExtension.class)
class TestLeaderElectionTest {
    private final List<String> told = new ArrayList<>();

    private final LeadershipListener diary = new LeadershipListener() {
        @Override
        public void acquired(Term term) {
            told.add("acquired " + term.isValid());
        }

        @Override
        public void lost(Loss loss) {
            told.add("lost " + loss.reason() + " " + loss.term().isValid());
        }

        @Override
        public void leaderChanged(String holder) {
            told.add("leader " + holder);
        }

        @Override
        public void stopped() {
            told.add("stopped");
        }

        @Override
        public void removed() {
            told.add("removed");
        }
    };

    @Test
    void itLeadsWhenTheTestSaysSo(TestLeaderElection election) throws Exception {
        assertFalse(election.isLeader());
        assertEquals(Role.CANDIDATE, election.status().role());
        Term term = election.lead();
        assertTrue(election.isLeader());
        assertSame(term, election.waitForLeadership(Duration.ZERO));
        election.lose(LostReason.EXPIRED);
        assertFalse(election.isLeader());
        assertFalse(term.isValid());
        assertTrue(election.lead().fencingToken() > term.fencingToken());
    }

    @Test
    void listenersAreToldBeforeTheTestGoesOn(TestLeaderElection election) {
        election.addListener(diary);
        election.lead();
        election.follow("another");
        election.stop();
        election.close();
        assertEquals(
                List.of(
                        "acquired true",
                        "leader this-instance",
                        "lost SUPERSEDED false",
                        "leader null",
                        "leader another",
                        "stopped",
                        "removed"),
                told);
    }

    @Test
    void aServiceStartsAndStopsWithLeadership(TestLeaderElection election) {
        Registration registration = election.addSingletonService(new SingletonService() {
            @Override
            public void start(Term term) {
                told.add("start");
            }

            @Override
            public void stop() {
                told.add("stop");
            }
        });
        election.lead();
        election.stepDown();
        election.lead();
        registration.close();
        assertEquals(List.of("start", "stop", "start", "stop"), told);
    }

    @Test
    void guardedWorkRunsOnTheLeaderOnly(TestLeaderElection election) {
        assertFalse(election.runIfLeader(() -> told.add("too early")));
        election.lead();
        assertTrue(election.runIfLeader(term -> told.add("in term " + term.isValid())));
        assertEquals(List.of("in term true"), told);
    }

    @Test
    void workOfAKeyRunsOnce(TestLeaderElection election) throws Exception {
        election.lead();
        assertTrue(election.runOnce("1", term -> told.add("in term " + term.isValid())));
        assertFalse(election.runOnce("1", term -> told.add("again")));
        assertTrue(election.runOnce("2", term -> told.add("another")));
        assertEquals(List.of("in term true", "another"), told);
    }

    @Test
    void workThatRunsOnceAndFailsIsNotRememberedAndLosesTheTerm(TestLeaderElection election) throws Exception {
        election.lead();
        IOException failure = new IOException("no such table");
        assertSame(
                failure,
                assertThrows(
                        IOException.class,
                        () -> election.runOnce("1", term -> {
                            throw failure;
                        })));
        assertFalse(election.isLeader());
        election.lead();
        assertTrue(election.runOnce("1", term -> told.add("again")));
    }

    @Test
    void workWhoseTermIsLostMeanwhileRunsOnceMore(TestLeaderElection election) throws Exception {
        election.lead();
        assertTrue(election.runOnce("1", term -> {
            told.add("run");
            if (told.size() == 1) {
                election.lose(LostReason.EXPIRED);
                election.lead();
            }
        }));
        assertEquals(List.of("run", "run"), told);
    }

    /** A call of {@code runOnce} on a thread of its own, which waits. */
    private CompletableFuture<Boolean> waiting(LeaderElection election) throws InterruptedException {
        CompletableFuture<Boolean> ran = new CompletableFuture<>();
        Thread waiting = new Thread(() -> {
            try {
                ran.complete(election.runOnce("1", term -> {
                    term.check();
                    told.add("run");
                }));
            } catch (Throwable failure) {
                ran.completeExceptionally(failure);
            }
        });
        waiting.start();
        while (waiting.getState() != Thread.State.TIMED_WAITING && waiting.getState() != Thread.State.WAITING) {
            assertFalse(ran.isDone());
            Thread.sleep(1);
        }
        return ran;
    }

    @Test
    void workThatRunsOnceWaitsUntilTheTestLetsItLead(TestLeaderElection election) throws Exception {
        CompletableFuture<Boolean> ran = waiting(election);
        election.lead();
        assertTrue(ran.get(60, TimeUnit.SECONDS));
    }

    @Test
    void ofTwoThreadsOneRunsTheWorkOfAKeyAndTheOtherWaitsForIt(TestLeaderElection election) throws Exception {
        election.stop();
        List<CompletableFuture<Boolean>> ran = List.of(waiting(election), waiting(election));
        election.lead();
        assertTrue(ran.get(0).get(60, TimeUnit.SECONDS));
        assertFalse(ran.get(1).get(60, TimeUnit.SECONDS));
        assertEquals(List.of("run"), told);
    }

    @Test
    void aStopEndsTheWaitForWorkThatRunsOnce(TestLeaderElection election) throws Exception {
        List<CompletableFuture<Boolean>> ran = List.of(waiting(election), waiting(election));
        election.stop();
        for (CompletableFuture<Boolean> each : ran) {
            ExecutionException failure = assertThrows(ExecutionException.class, () -> each.get(60, TimeUnit.SECONDS));
            assertInstanceOf(ClosedException.class, failure.getCause());
        }
    }

    @Test
    void aFiringIsBegunOnceAndOneThatWasMissedByTheNextTerm(TestLeaderElection election) throws Exception {
        Instant due = Instant.parse("2024-02-29T03:00:00Z");
        Instant missed = due.plus(Duration.ofDays(1));
        Duration longAgo = Duration.ofDays(365_000);
        assertThrows(LeadershipLostException.class, () -> election.claim("bill", due));
        election.lead();
        assertFalse(election.claimMissed("bill", due, longAgo));
        assertTrue(election.claim("bill", due));
        assertFalse(election.claim("bill", due.plusNanos(1)));
        assertFalse(election.claim("bill", due.minusSeconds(1)));
        assertTrue(election.claim("report", due));
        assertThrows(ConfigException.class, () -> election.claim("a report", due));
        assertThrows(
                ConfigException.class,
                () -> election.claim("bill", Instant.now().plusSeconds(90)));
        assertThrows(ConfigException.class, () -> election.claimMissed("bill", Instant.MIN, longAgo));
        election.lose(LostReason.EXPIRED);
        assertThrows(LeadershipLostException.class, () -> election.claimMissed("bill", missed, longAgo));
        election.lead();
        assertFalse(election.claimMissed("bill", missed, Duration.ofHours(1)));
        assertTrue(election.claimMissed("bill", missed, longAgo));
        assertFalse(election.claimMissed("bill", missed, longAgo));
        assertEquals(Optional.of(missed), election.lastFiring("bill"));
        election.stop();
        assertThrows(ClosedException.class, () -> election.claim("bill", missed));
    }

    @Test
    void oneTestHasOneElection(TestLeaderElection election, LeaderElection same) {
        assertSame(election, same);
    }

    @Test
    void aClosedElectionIsClosed(TestLeaderElection election) {
        election.lead();
        election.close();
        election.close();
        assertFalse(election.isLeader());
        assertThrows(ClosedException.class, election::status);
        assertThrows(ClosedException.class, election::lead);
        assertFalse(election.runIfLeader(() -> told.add("after the end")));
        election.stop();
        assertFalse(election.requestStop());
        assertEquals(List.of(), told);
    }
}
