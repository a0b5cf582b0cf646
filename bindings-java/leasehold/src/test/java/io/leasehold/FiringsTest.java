package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static io.leasehold.Elections.awaitRenewal;
import static io.leasehold.Elections.eventually;
import static io.leasehold.Elections.in;
import static io.leasehold.Elections.leaderIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every language must do is among the conformance cases. */
class FiringsTest {
    private static final Instant DUE = Instant.parse("2024-02-29T03:00:00.123Z");
    private static final Instant MISSED = DUE.plus(Duration.ofDays(1));
    private static final Duration WITHOUT_END = Duration.ofSeconds(Long.MAX_VALUE);

    @TempDir
    Path folder;

    @Test
    void aFiringIsBegunOnceByOneLeaderAndNotByTheNext() throws Exception {
        try (LeaderElection first = leaderIn(folder)) {
            assertEquals(Optional.empty(), first.lastFiring("bill"));
            assertFalse(first.claimMissed("bill", DUE, WITHOUT_END), "what was never begun was not missed");
            assertTrue(first.claim("bill", DUE.plusNanos(999_999)));
            assertFalse(first.claim("bill", DUE), "to the millisecond");
        }
        try (LeaderElection second = leaderIn(folder)) {
            assertFalse(second.claim("bill", DUE));
            assertEquals(Optional.of(DUE), second.lastFiring("bill"));
            assertFalse(second.claimMissed("bill", MISSED, Duration.ofHours(1)));
            assertFalse(second.claimMissed("bill", MISSED, Duration.ofNanos(-1)));
            assertFalse(second.claimMissed("bill", MISSED, WITHOUT_END.negated()));
            assertTrue(second.claimMissed("bill", MISSED, WITHOUT_END));
            assertFalse(second.claimMissed("bill", MISSED, WITHOUT_END));
        }
    }

    @Test
    void ofManyThreadsOneBeginsAFiring() throws Exception {
        try (LeaderElection election = leaderIn(folder)) {
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                List<Future<Boolean>> claims = new ArrayList<>();
                for (int number = 0; number < 8; number++) {
                    claims.add(threads.submit(() -> election.claim("bill", DUE)));
                }
                int begun = 0;
                for (Future<Boolean> claim : claims) {
                    begun += claim.get(LIMIT.toSeconds(), TimeUnit.SECONDS) ? 1 : 0;
                }
                assertEquals(1, begun);
            } finally {
                threads.shutdownNow();
            }
        }
    }

    @Test
    void whoDoesNotLeadBeginsNothing() throws Exception {
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection other = in(folder).build()) {
            assertThrows(ClosedException.class, () -> other.claim("bill", DUE));
            other.start();
            eventually("it knows the leader", () -> other.leader().isPresent());
            assertThrows(LeadershipLostException.class, () -> other.claim("bill", DUE));
            assertThrows(LeadershipLostException.class, () -> other.claimMissed("bill", DUE, WITHOUT_END));
            assertTrue(leader.claim("bill", DUE));
        }
    }

    @Test
    void aTimeOfNoScheduleIsRefused() throws Exception {
        try (LeaderElection election = leaderIn(folder)) {
            for (Instant due : new Instant[] {
                Instant.MIN,
                Instant.EPOCH.minusMillis(1),
                Instant.now().plus(Duration.ofHours(1)),
                Instant.ofEpochMilli(Long.MAX_VALUE),
                Instant.MAX
            }) {
                String said = assertThrows(ConfigException.class, () -> election.claim("bill", due))
                        .getMessage();
                assertTrue(said.startsWith("due = "), said);
            }
            assertEquals(Optional.empty(), election.lastFiring("bill"));
            assertThrows(ConfigException.class, () -> election.claim("bill invoices", DUE));
            assertThrows(ConfigException.class, () -> election.lastFiring(""));
        }
    }

    @Test
    void anInterruptComesBeforeAClaim() throws Exception {
        try (LeaderElection election = leaderIn(folder)) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> election.claim("bill", DUE));
            assertTrue(election.claim("bill", DUE), "nothing was recorded");
        }
    }

    @Test
    void anInterruptEndsAClaimThatCannotBeWritten() throws Exception {
        Path leases = folder.resolve("leases");
        try (LeaderElection election = leaderIn(leases)) {
            // The next would make the folder again, if it came between the two lines that follow.
            awaitRenewal(election.term().orElseThrow());
            Files.move(leases, folder.resolve("moved"));
            Files.createFile(leases);
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            Thread claiming = new Thread(() -> {
                try {
                    ended.complete(new AssertionError("begun: " + election.claim("bill", DUE)));
                } catch (Throwable failure) {
                    ended.complete(failure);
                }
            });
            claiming.start();
            eventually(
                    "it waits",
                    () -> Arrays.stream(claiming.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("awaitClaim")));
            claiming.interrupt();
            Throwable failure = ended.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertInstanceOf(InterruptedException.class, failure);
            assertTrue(failure.getMessage().contains("may count as begun"), failure.getMessage());
            Files.delete(leases);
        }
    }

    @Test
    void inModeAlwaysEachIsBegunEachTime() throws Exception {
        try (LeaderElection election =
                LeaderElection.builder("jobs").mode(Mode.ALWAYS).start()) {
            election.waitForLeadership(LIMIT);
            assertTrue(election.claim("bill", DUE));
            assertTrue(election.claim("bill", DUE));
            assertFalse(election.claimMissed("bill", MISSED, WITHOUT_END));
            assertEquals(Optional.empty(), election.lastFiring("bill"));
        }
    }
}
