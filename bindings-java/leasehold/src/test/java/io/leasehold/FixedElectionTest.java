package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Modes that need no election, without a native half. What every engine must do is among the conformance cases. */
class FixedElectionTest {
    private static final NativeLibraryException MISSING = new NativeLibraryException("there is none");

    private static LeaderElection election(String... settings) {
        return FixedElection.create(List.of(settings), true, MISSING);
    }

    private static LeaderElection always() {
        return election("lease", "jobs", "mode", "always");
    }

    @Test
    void modesThatNeedAnElectionDoNot() {
        assertNull(election("lease", "jobs"));
        assertNull(election("lease", "jobs", "mode", "file"));
        assertThrows(ConfigException.class, () -> election("mode", "never"));
    }

    @Test
    void alwaysLeadsTermAfterTerm() throws Exception {
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch removed = new CountDownLatch(1);
        try (LeaderElection election = always()) {
            election.addListener(new LeadershipListener() {
                @Override
                public void acquired(Term term) {
                    told.add("acquired");
                }

                @Override
                public void lost(Loss loss) {
                    assertFalse(loss.term().isValid());
                    assertFalse(loss.timeLeft().isZero());
                    told.add("lost: " + loss.reason());
                }

                @Override
                public void stopped() {
                    told.add("stopped");
                }

                @Override
                public void removed() {
                    removed.countDown();
                }
            });
            election.start();
            Term first = election.term().orElseThrow();
            assertTrue(election.isLeader() && first.isValid());
            election.stepDown();
            assertThrows(LeadershipLostException.class, first::check);
            Term second = election.waitForLeadership(Elections.LIMIT);
            assertTrue(second.fencingToken() > first.fencingToken());
            election.stop();
            assertFalse(election.isLeader());
        }
        assertTrue(removed.await(Elections.LIMIT.toSeconds(), TimeUnit.SECONDS));
        assertEquals(List.of("acquired", "lost: STEPPED_DOWN", "acquired", "lost: STOPPED", "stopped"), told);
    }

    @Test
    void aStopWaitsForWorkAndFuturesAsLongAsItMay() throws Exception {
        try (LeaderElection election = always()) {
            election.start();
            CompletableFuture<String> work = new CompletableFuture<>();
            assertEquals(work, election.callIfLeader(term -> work).orElseThrow());
            Thread stop = new Thread(election::stop);
            stop.start();
            Elections.eventually("it stops", () -> !election.isLeader());
            assertEquals(Role.DRAINING, election.status().role());
            assertTrue(stop.isAlive());
            work.complete("done");
            stop.join();
            assertEquals(Role.STOPPED, election.status().role());

            election.start();
            election.callIfLeader(term -> new CompletableFuture<String>());
            election.stop(Duration.ZERO);
            assertEquals(Role.STOPPED, election.status().role());
        }
    }

    @Test
    void alwaysLeadsAgainThoughWorkDoesNotEnd() throws Exception {
        try (LeaderElection election = election("lease", "jobs", "mode", "always", "drain_timeout", "PT0.05S")) {
            election.start();
            Term first = election.waitForLeadership(Elections.LIMIT);
            election.callIfLeader(term -> new CompletableFuture<String>());
            election.stepDown();
            assertFalse(first.isValid());
            Term second = election.waitForLeadership(Elections.LIMIT);
            assertTrue(second.fencingToken() > first.fencingToken());
            election.stop();
            election.start();
            assertTrue(election.isLeader());
        }
    }

    @Test
    void aListenerThatInterruptsItsThreadIsToldOfWhatFollows() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        try (LeaderElection election = always()) {
            election.addListener(new LeadershipListener() {
                @Override
                public void acquired(Term term) {
                    Thread.currentThread().interrupt();
                }

                @Override
                public void stopped() {
                    stopped.countDown();
                }
            });
            election.start();
            election.stop();
            assertTrue(stopped.await(Elections.LIMIT.toSeconds(), TimeUnit.SECONDS));
        }
    }

    @Test
    void aValueThatReadsAsTheNameOfASettingIsAValue() {
        LeaderElection election = election("lease", "lease", "mode", "never", "identity", "mode");
        assertEquals("lease", election.status().lease());
        assertEquals(Mode.NEVER, election.status().mode());
        election.close();
    }

    @Test
    void aFiringIsBegunByTheLeaderEachTime() throws Exception {
        try (LeaderElection leader = always();
                LeaderElection other = election("lease", "jobs", "mode", "never")) {
            assertThrows(ClosedException.class, () -> leader.claim("bill", Instant.EPOCH));
            leader.start();
            other.start();
            assertTrue(leader.claim("bill", Instant.EPOCH));
            assertTrue(leader.claim("bill", Instant.EPOCH));
            assertFalse(leader.claimMissed("bill", Instant.EPOCH, Duration.ofDays(365_000)));
            assertEquals(Optional.empty(), leader.lastFiring("bill"));
            Instant soon = Instant.now().plusSeconds(30);
            assertTrue(leader.claim("bill", soon), "a scheduler may be a little early");
            assertThrows(ConfigException.class, () -> leader.claim("a bill", Instant.EPOCH));
            assertThrows(ConfigException.class, () -> leader.lastFiring("a bill"));
            assertThrows(
                    ConfigException.class,
                    () -> leader.claim("bill", Instant.now().plusSeconds(90)));
            assertThrows(ConfigException.class, () -> leader.claimMissed("bill", Instant.MIN, Duration.ZERO));
            assertThrows(LeadershipLostException.class, () -> other.claim("bill", Instant.EPOCH));
            assertThrows(LeadershipLostException.class, () -> other.claimMissed("bill", Instant.EPOCH, Duration.ZERO));
        }
    }

    @Test
    void workMayStopItsOwnElection() throws Exception {
        try (LeaderElection election = always()) {
            election.start();
            assertTrue(election.runIfLeader(term -> election.stop()));
            assertFalse(election.isLeader());
        }
    }

    @Test
    void aClosedElectionSaysSo() {
        LeaderElection election = always();
        election.start();
        election.close();
        election.close();
        assertFalse(election.isLeader());
        assertThrows(ClosedException.class, election::start);
        assertThrows(ClosedException.class, election::status);
    }
}
