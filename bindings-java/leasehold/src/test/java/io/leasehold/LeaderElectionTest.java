package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static io.leasehold.Elections.eventually;
import static io.leasehold.Elections.in;
import static io.leasehold.Elections.leaderIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaderElectionTest {
    @TempDir
    Path folder;

    @Test
    void aLoneCandidateLeadsAndSaysSo() throws Exception {
        try (LeaderElection election = in(folder).identity("me").start()) {
            Term term = election.waitForLeadership(LIMIT);
            assertTrue(election.isLeader());
            assertEquals(term, election.term().orElseThrow());
            assertTrue(election.remaining().compareTo(Duration.ofMinutes(20)) > 0);
            eventually("the holder is known", () -> election.leader().equals(Optional.of("me")));
            Status status = election.status();
            assertEquals("jobs", status.lease());
            assertEquals(Mode.FILE, status.mode());
            assertEquals("me", status.identity());
            assertEquals(Role.LEADER, status.role());
            assertNull(status.whyNotLeading());
            assertNull(status.failing());
            assertEquals(term.fencingToken(), status.fencingToken());
            election.checkHealth(Duration.ZERO);
            assertTrue(election.metrics().contains("leader_election_master_status"), election.metrics());
        }
    }

    @Test
    void aTermCarriesAFencingTokenAndWhenItWasWon() throws Exception {
        Instant before = Instant.now().minusSeconds(1);
        try (LeaderElection election = leaderIn(folder)) {
            Term term = election.term().orElseThrow();
            assertTrue(term.fencingToken() > 0);
            assertFalse(term.leaseUid().isEmpty());
            assertTrue(term.acquiredAt().isAfter(before), term::toString);
            assertTrue(term.remaining().compareTo(Duration.ofMinutes(20)) > 0);
            term.check();
        }
    }

    @Test
    void aTermThatIsOverIsNeverValidAgainThoughTheSameElectionLeadsOn() throws Exception {
        try (LeaderElection election = leaderIn(folder)) {
            Term first = election.term().orElseThrow();
            election.stop();
            assertOver(first);
            election.start();
            Term second = election.waitForLeadership(LIMIT);
            assertTrue(second.fencingToken() > first.fencingToken());
            assertTrue(second.isValid());
            assertOver(first);
        }
    }

    private static void assertOver(Term term) {
        assertFalse(term.isValid());
        assertEquals(Duration.ZERO, term.remaining());
        String message =
                assertThrows(LeadershipLostException.class, term::check).getMessage();
        assertTrue(message.contains(Long.toString(term.fencingToken())), message);
    }

    @Test
    void aStandbyLeadsWhenTheLeaderIsClosed() throws Exception {
        try (LeaderElection first = leaderIn(folder);
                LeaderElection second = in(folder).start()) {
            assertFalse(second.isLeader());
            assertTrue(second.term().isEmpty());
            first.close();
            second.waitForLeadership(LIMIT);
        }
    }

    @Test
    void aLeaderThatStepsDownIsSucceeded() throws Exception {
        try (LeaderElection first = leaderIn(folder);
                LeaderElection second = in(folder).start()) {
            first.stepDown();
            second.waitForLeadership(LIMIT);
            assertFalse(first.isLeader());
        }
    }

    @Test
    void workRunsOnTheLeaderOnlyAndItsResultAndErrorsArePassedOn() throws Exception {
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            assertEquals(Optional.of("done"), leader.callIfLeader(term -> term.isValid() ? "done" : "late"));
            assertEquals(Optional.empty(), standby.callIfLeader(term -> "done"));
            assertTrue(leader.runIfLeader(() -> {}));
            assertFalse(standby.runIfLeader(() -> {}));
            assertThrows(
                    IOException.class,
                    () -> leader.runIfLeader(term -> {
                        throw new IOException("the disk is full");
                    }));
        }
    }

    @Test
    void theLeaseIsNotReleasedBeforeRunningWorkHasReturned() throws Exception {
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch finish = new CountDownLatch(1);
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            CompletableFuture<Boolean> work = CompletableFuture.supplyAsync(() -> leader.runIfLeader(term -> {
                working.countDown();
                awaitForWork(finish);
                assertFalse(term.isValid(), "the work sees that its term is over");
            }));
            assertTrue(working.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
            leader.requestStop();
            eventually("it waits for the work", () -> leader.status().role() == Role.DRAINING);
            assertFalse(leader.isLeader());
            assertFalse(standby.isLeader());
            finish.countDown();
            assertTrue(work.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
            standby.waitForLeadership(LIMIT);
        }
    }

    @Test
    void aStopWithALimitOfItsOwnDoesNotWaitForWorkBeyondIt() throws Exception {
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch finish = new CountDownLatch(1);
        try (LeaderElection leader = leaderIn(folder)) {
            CompletableFuture<Boolean> work = CompletableFuture.supplyAsync(() -> leader.runIfLeader(() -> {
                working.countDown();
                awaitForWork(finish);
            }));
            assertTrue(working.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
            leader.stop(Duration.ZERO);
            assertEquals(Role.STOPPED, leader.status().role());
            assertFalse(work.isDone());
            finish.countDown();
            assertTrue(work.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
        }
    }

    private static void awaitForWork(CountDownLatch finish) {
        try {
            finish.await();
        } catch (InterruptedException impatient) {
            throw new IllegalStateException(impatient);
        }
    }

    @Test
    void aWaitThatIsInVainSaysWhy() throws Exception {
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            eventually("the standby knows the holder", () -> standby.leader().isPresent());
            Duration patience = Duration.ofMillis(50);
            TimedOutException inVain = assertThrows(TimedOutException.class, () -> standby.waitForLeadership(patience));
            assertTrue(inVain.getMessage().contains(leader.status().identity()), inVain.getMessage());
            assertTrue(inVain.getMessage().contains("50ms"), inVain.getMessage());
        }
    }

    @Test
    void aWaitCanBeInterrupted() throws Exception {
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> standby.waitForLeadership(LIMIT));
            assertTrue(leader.isLeader());
        }
    }

    @Test
    void aWaitEndsWhenTheElectionIsClosed() throws Exception {
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            Thread waiting = new Thread(() -> failure.complete(
                    assertThrows(ClosedException.class, () -> standby.waitForLeadership(Duration.ofDays(1)))));
            waiting.start();
            eventually("it waits", () -> waiting.getState() == Thread.State.TIMED_WAITING);
            standby.close();
            failure.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertTrue(leader.isLeader());
        }
    }

    @Test
    void startingTwiceAndClosingTwiceIsOneStartAndOneClose() throws Exception {
        LeaderElection election = leaderIn(folder);
        String identity = election.status().identity();
        election.start();
        assertEquals(identity, election.status().identity());
        election.close();
        election.close();
    }

    @Test
    void eachStartIsUnderAnotherIdentity() throws Exception {
        try (LeaderElection election = in(folder).start()) {
            String first = election.status().identity();
            election.stop();
            assertEquals(Role.STOPPED, election.status().role());
            assertFalse(election.requestStop(), "it does not run");
            election.start();
            assertNotEquals(first, election.status().identity());
        }
    }

    @Test
    void anElectionThatWasNotStartedDoesNotLead() throws Exception {
        try (LeaderElection election = in(folder).build()) {
            assertFalse(election.isLeader());
            assertEquals(Role.STOPPED, election.status().role());
            assertThrows(ClosedException.class, () -> election.waitForLeadership(LIMIT));
        }
    }

    @Test
    void whatIsWrongWithASettingIsSaidWithItsFix() {
        ConfigException wrong = assertThrows(
                ConfigException.class,
                () -> in(folder).renewDeadline(Duration.ofHours(2)).build());
        assertTrue(wrong.getMessage().startsWith("renew_deadline = 7200 s: must be shorter"), wrong.getMessage());
        ConfigException unknown = assertThrows(
                ConfigException.class, () -> in(folder).set("colour", "red").build());
        assertTrue(unknown.getMessage().contains("lease_duration"), unknown.getMessage());
    }

    @Test
    void everySettingOfTheBuilderIsOneOfTheCores() {
        LeaderElection.builder("jobs")
                .namespace("default")
                .identity("me")
                .mode(Mode.NEVER)
                .leaseDuration(Duration.ofSeconds(15))
                .renewDeadline(Duration.ofMillis(9_500))
                .retryPeriod(Duration.ofMillis(500))
                .drainTimeout(Duration.ofMinutes(1))
                .stallTimeout(Duration.ZERO)
                .releaseOnStop(false)
                .reclaim(true)
                .proofOfDeath(ProofOfDeath.NONE)
                .kubeconfig(folder.resolve("config"))
                .context("production")
                .directory(folder)
                .stopAtShutdown(false)
                .start()
                .close();
    }
}
