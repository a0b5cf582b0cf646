package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static io.leasehold.Elections.awaitRenewal;
import static io.leasehold.Elections.eventually;
import static io.leasehold.Elections.in;
import static io.leasehold.Elections.leaderIn;
import static io.leasehold.Elections.next;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.Elections.Diary;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenerTest {
    @TempDir
    Path folder;

    @Test
    void aListenerIsToldOfEverythingInOrder() throws Exception {
        Diary diary = new Diary();
        try (LeaderElection election = in(folder).identity("me").build()) {
            election.addListener(diary);
            election.start();
            // That it reads its own name in the Lease may be told before or after that it leads.
            Set<String> both = Set.of(next(diary.told), next(diary.told));
            assertEquals(Set.of("acquired", "leader me"), both);
            election.stop();
            assertEquals("lost STOPPED", next(diary.told));
            assertEquals("leader null", next(diary.told));
            assertEquals("stopped", next(diary.told));
        }
    }

    @Test
    void aListenerThatIsAddedToALeaderIsToldAtOnce() throws Exception {
        Diary late = new Diary();
        try (LeaderElection election = leaderIn(folder)) {
            election.addListener(late);
            assertEquals("acquired", next(late.told));
        }
    }

    @Test
    void aListenerThatIsRemovedIsToldNoMoreAndItsThreadEnds() throws Exception {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        try (LeaderElection election = leaderIn(folder)) {
            Registration registration = election.addListener(new LeadershipListener() {
                @Override
                public void acquired(Term term) {
                    thread.complete(Thread.currentThread());
                }

                @Override
                public void lost(Loss loss) {
                    throw new AssertionError("told though it was removed");
                }
            });
            assertTrue(thread.get(LIMIT.toSeconds(), TimeUnit.SECONDS).isDaemon());
            registration.close();
            registration.close();
            thread.get().join(LIMIT.toMillis());
            assertFalse(thread.get().isAlive());
        }
    }

    @Test
    void aListenerThatThrowsIsToldOfLaterEventsAllTheSame() throws Exception {
        Diary diary = new Diary() {
            @Override
            public void acquired(Term term) {
                super.acquired(term);
                throw new IllegalStateException("on purpose: a listener that throws");
            }
        };
        try (LeaderElection election = in(folder).build()) {
            election.addListener(diary);
            election.start();
            assertEquals("acquired", next(diary.told));
            election.stop();
            eventually("it is told of the end", () -> diary.told.contains("lost STOPPED"));
        }
    }

    /** As if the memory had no room for it: what the listener has begun still ends before the Lease is released. */
    @Test
    void aListenerThatCannotBeToldOfALossIsRemovedBeforeThatIsAcknowledged() throws Exception {
        CompletableFuture<Role> whenRemoved = new CompletableFuture<>();
        try (LeaderElection leader = leaderIn(folder)) {
            ListenerThread thread = new ListenerThread((NativeElection) leader, new LeadershipListener() {
                @Override
                public void removed() {
                    whenRemoved.complete(leader.status().role());
                }
            });
            leader.requestStop();
            assertThrows(
                    OutOfMemoryError.class,
                    () -> thread.listen(number -> {
                        String[] event = Native.nextEvent(number);
                        if (event != null && Arrays.asList(event).contains("lost")) {
                            throw new OutOfMemoryError("on purpose");
                        }
                        return event;
                    }));
            assertEquals(Role.DRAINING, whenRemoved.getNow(null));
            eventually("its loss is acknowledged", () -> leader.status().role() == Role.STOPPED);
        }
    }

    @Test
    void theLeaseIsNotReleasedBeforeAListenerHasStoppedItsWork() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        CountDownLatch told = new CountDownLatch(1);
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            leader.addListener(new LeadershipListener() {
                @Override
                public void lost(Loss loss) {
                    assertThrows(LeadershipLostException.class, loss.term()::check);
                    told.countDown();
                    await(stopped);
                }
            });
            leader.requestStop();
            assertTrue(told.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
            assertEquals(Role.DRAINING, leader.status().role());
            assertFalse(standby.isLeader());
            stopped.countDown();
            standby.waitForLeadership(LIMIT);
        }
    }

    @Test
    void aLossTellsHowLongItsWorkMayGoOnUntilTheListenerReturns() throws Exception {
        CompletableFuture<Loss> told = new CompletableFuture<>();
        CountDownLatch stopped = new CountDownLatch(1);
        Duration limit = Duration.ofMinutes(5);
        try (LeaderElection leader = in(folder).drainTimeout(limit).start()) {
            leader.waitForLeadership(LIMIT);
            leader.addListener(new LeadershipListener() {
                @Override
                public void lost(Loss loss) {
                    told.complete(loss);
                    await(stopped);
                }
            });
            leader.requestStop();
            Loss loss = told.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertTrue(loss.timeLeft().compareTo(Duration.ZERO) > 0);
            assertTrue(loss.timeLeft().compareTo(limit) <= 0);
            stopped.countDown();
            eventually("nothing is left", () -> loss.timeLeft().isZero());
        }
    }

    @Test
    void aListenerThatBlocksForEverDelaysNeitherOthersNorTheStopBeyondItsLimit() throws Exception {
        Diary other = new Diary();
        LeaderElection election = in(folder).drainTimeout(Duration.ofMillis(50)).build();
        election.addListener(new LeadershipListener() {
            @Override
            public void lost(Loss loss) {
                await(new CountDownLatch(1));
            }
        });
        election.addListener(other);
        election.start();
        assertEquals("acquired", next(other.told));
        election.close();
        eventually("the other was told", () -> other.told.contains("stopped"));
    }

    /** The callback lasts for ten renewals. */
    @Test
    void aListenerThatBlocksStallsNoRenewal() throws Exception {
        CountDownLatch renewed = new CountDownLatch(1);
        CountDownLatch returned = new CountDownLatch(1);
        try (LeaderElection election =
                in(folder).retryPeriod(Duration.ofMillis(100)).build()) {
            election.addListener(new LeadershipListener() {
                @Override
                public void acquired(Term term) {
                    await(renewed);
                    returned.countDown();
                }
            });
            election.start();
            Term term = election.waitForLeadership(LIMIT);
            for (int count = 0; count < 10; count++) {
                awaitRenewal(term);
            }
            assertEquals(1, returned.getCount(), "the listener is still blocked");
            assertTrue(term.isValid());
            renewed.countDown();
            assertTrue(returned.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
        }
    }

    @Test
    void aListenerMayCloseItsElection() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        LeaderElection[] leader = {in(folder).build()};
        leader[0].addListener(new LeadershipListener() {
            @Override
            public void acquired(Term term) {
                leader[0].close();
                leader[0].close();
                closed.countDown();
            }
        });
        leader[0].start();
        assertTrue(closed.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
        assertClosesSoon(leader[0]);
        leaderIn(folder).close();
    }

    @Test
    void guardedWorkMayCloseItsElection() throws Exception {
        LeaderElection leader = leaderIn(folder);
        assertTrue(leader.runIfLeader(leader::close));
        assertClosesSoon(leader);
        leaderIn(folder).close();
    }

    @Test
    void guardedWorkMayStopItsElection() throws Exception {
        try (LeaderElection leader = leaderIn(folder)) {
            leader.runIfLeader(term -> {
                leader.stop();
                eventually("its term is over", () -> !term.isValid());
            });
            eventually("it stops", () -> leader.status().role() == Role.STOPPED);
        }
    }

    private static void assertClosesSoon(LeaderElection election) throws InterruptedException {
        eventually("it is closed", () -> {
            try {
                election.status();
                return false;
            } catch (ClosedException closed) {
                return true;
            }
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException impatient) {
            throw new IllegalStateException(impatient);
        }
    }
}
