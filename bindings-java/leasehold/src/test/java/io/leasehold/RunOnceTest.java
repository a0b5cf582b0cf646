package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static io.leasehold.Elections.eventually;
import static io.leasehold.Elections.in;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunOnceTest {
    @TempDir
    Path folder;

    private LeaderElection.Builder candidate() {
        return in(folder).retryPeriod(Duration.ofMillis(200));
    }

    private static void unreachable(Term term) {
        throw new AssertionError("it is not to be done here");
    }

    @Test
    void workOfAKeyIsDoneOnceAndNotAgainElsewhere() throws Exception {
        List<Long> tokens = new ArrayList<>();
        try (LeaderElection first = candidate().start();
                LeaderElection second = candidate().build()) {
            assertTrue(first.runOnce("1.4.2", term -> tokens.add(term.fencingToken())));
            assertEquals(List.of(first.term().orElseThrow().fencingToken()), tokens);
            assertFalse(first.runOnce("1.4.2", RunOnceTest::unreachable));
            assertFalse(second.runOnce("1.4.2", RunOnceTest::unreachable));
            assertTrue(first.isLeader(), "its election goes on");
            assertEquals(Role.STOPPED, second.status().role());
        }
    }

    @Test
    void anElectionThatIsStartedMeanwhileRunsOn() throws Exception {
        try (LeaderElection election = candidate().build()) {
            assertTrue(election.runOnce("1", term -> election.start()));
            assertTrue(election.status().role() != Role.STOPPED);
        }
    }

    @Test
    void workThatFailsThrowsAndIsBegunElsewhereUntilAllGiveUp() throws Exception {
        IOException failure = new IOException("no such table");
        for (int attempt = 1; attempt <= 5; attempt++) {
            try (LeaderElection election = candidate().build()) {
                assertSame(
                        failure,
                        assertThrows(
                                IOException.class,
                                () -> election.runOnce("1", term -> {
                                    throw failure;
                                })));
            }
        }
        try (LeaderElection election = candidate().build()) {
            WorkFailedException givenUp =
                    assertThrows(WorkFailedException.class, () -> election.runOnce("1", RunOnceTest::unreachable));
            assertTrue(givenUp.getMessage().contains("5 attempts"), givenUp.getMessage());
            assertTrue(givenUp.getMessage().contains("no such table"), givenUp.getMessage());
        }
    }

    @Test
    void anExceptionWhoseTextCannotBeMadeIsThrownAndRecorded() throws Exception {
        class Unspeakable extends RuntimeException {
            private static final long serialVersionUID = 1L;
            private final int attempt;

            Unspeakable(int attempt) {
                this.attempt = attempt;
            }

            @Override
            public String toString() {
                return switch (attempt) {
                    case 1 -> null;
                    case 2 -> "\ud800";
                    default -> throw new IllegalStateException("on purpose");
                };
            }
        }
        for (int attempt = 1; attempt <= 5; attempt++) {
            Unspeakable failure = new Unspeakable(attempt);
            try (LeaderElection election = candidate().build()) {
                assertSame(
                        failure,
                        assertThrows(
                                RuntimeException.class,
                                () -> election.runOnce("1", term -> {
                                    throw failure;
                                })));
            }
        }
        try (LeaderElection election = candidate().build()) {
            WorkFailedException givenUp =
                    assertThrows(WorkFailedException.class, () -> election.runOnce("1", RunOnceTest::unreachable));
            assertTrue(givenUp.getMessage().contains("Unspeakable"), givenUp.getMessage());
        }
    }

    /** A call in a process that is paused when work is to begin: this happens meanwhile. */
    private static boolean runOncePaused(LeaderElection started, Runnable meanwhile) throws InterruptedException {
        NativeElection election = (NativeElection) started;
        OnceCaller<RuntimeException> caller = new OnceCaller<>(election, RunOnceTest::unreachable) {
            @Override
            Fields await(long call) throws InterruptedException {
                Fields news = super.await(call);
                if (news.find("done_here") == null && news.find("failed") == null) {
                    meanwhile.run();
                }
                return news;
            }
        };
        long call = caller.begin("1");
        try {
            return caller.call(call);
        } finally {
            Native.endOnce(call);
        }
    }

    @Test
    void workDoesNotBeginIfItsTermHasEndedMeanwhile() throws Exception {
        try (LeaderElection first = candidate().start();
                LeaderElection second = candidate().build()) {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            Thread doing = new Thread(() -> {
                try {
                    done.complete(second.runOnce("1", term -> {}));
                } catch (Throwable failure) {
                    done.completeExceptionally(failure);
                }
            });
            assertFalse(runOncePaused(first, () -> {
                first.stepDown();
                doing.start();
            }));
            assertTrue(done.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
        }
    }

    @Test
    void workDoesNotBeginIfTheElectionStopsMeanwhile() {
        try (LeaderElection election = candidate().start()) {
            assertThrows(ClosedException.class, () -> runOncePaused(election, election::requestStop));
        }
    }

    @Test
    void anInterruptEndsTheWaitForAStop() throws Exception {
        CountDownLatch mayEnd = new CountDownLatch(1);
        try (LeaderElection election = candidate().drainTimeout(LIMIT).start()) {
            election.waitForLeadership(LIMIT);
            CountDownLatch begun = new CountDownLatch(1);
            Thread working = new Thread(() -> election.runIfLeader(term -> {
                begun.countDown();
                assertDoesNotThrow(() -> mayEnd.await());
            }));
            working.start();
            begun.await();
            election.requestStop();
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            Thread waiting = new Thread(() -> {
                try {
                    ended.complete(new AssertionError(election.runOnce("1", RunOnceTest::unreachable)));
                } catch (Throwable failure) {
                    ended.complete(failure);
                }
            });
            waiting.start();
            eventually(
                    "it waits",
                    () -> Arrays.stream(waiting.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("beginOnce")));
            waiting.interrupt();
            assertInstanceOf(InterruptedException.class, ended.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
            mayEnd.countDown();
            working.join();
        } finally {
            mayEnd.countDown();
        }
    }

    @Test
    void guardedWorkDoesNotWaitForAStopThatWaitsForIt() throws Exception {
        try (LeaderElection election = candidate().drainTimeout(LIMIT).start()) {
            election.waitForLeadership(LIMIT);
            assertTrue(election.runIfLeader(term -> {
                election.requestStop();
                assertStopWaits(
                        assertThrows(ClosedException.class, () -> election.runOnce("1", RunOnceTest::unreachable)));
            }));
        }
    }

    private static void assertStopWaits(ClosedException refused) {
        assertTrue(refused.getMessage().contains("waits for its listeners"), refused.getMessage());
    }

    @Test
    void aListenerDoesNotWaitForAStopThatWaitsForIt() throws Exception {
        CompletableFuture<ClosedException> refused = new CompletableFuture<>();
        try (LeaderElection election = candidate().drainTimeout(LIMIT).start()) {
            election.waitForLeadership(LIMIT);
            election.addListener(new LeadershipListener() {
                @Override
                public void lost(Loss loss) {
                    refused.complete(
                            assertThrows(ClosedException.class, () -> election.runOnce("1", RunOnceTest::unreachable)));
                }
            });
            election.stop();
            assertStopWaits(refused.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
        }
    }

    @Test
    void anInterruptEndsTheWaitForAnother() throws Exception {
        try (LeaderElection first = candidate().start();
                LeaderElection second = candidate().build()) {
            first.waitForLeadership(LIMIT);
            CompletableFuture<Throwable> ended = new CompletableFuture<>();
            Thread waiting = new Thread(() -> {
                try {
                    ended.complete(new AssertionError(second.runOnce("1", RunOnceTest::unreachable)));
                } catch (Throwable failure) {
                    ended.complete(failure);
                }
            });
            waiting.start();
            eventually("it waits", () -> second.leader().isPresent());
            waiting.interrupt();
            assertInstanceOf(InterruptedException.class, ended.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
            eventually("it has stopped", () -> second.status().role() == Role.STOPPED);
            assertTrue(first.runOnce("1", term -> {}));
            eventually("no thread stays for it", () -> !Background.accompanies((NativeElection) second));
        }
    }

    @Test
    void noThreadStaysForTheLastOfSeveralThatAreInterrupted() throws Exception {
        try (LeaderElection first = candidate().start();
                LeaderElection second = candidate().build()) {
            first.waitForLeadership(LIMIT);
            List<Thread> waiting = new ArrayList<>();
            List<CompletableFuture<Throwable>> ended = new ArrayList<>();
            for (String key : List.of("1", "2")) {
                CompletableFuture<Throwable> end = new CompletableFuture<>();
                Thread thread = new Thread(() -> {
                    try {
                        end.complete(new AssertionError(second.runOnce(key, RunOnceTest::unreachable)));
                    } catch (Throwable failure) {
                        end.complete(failure);
                    }
                });
                thread.start();
                // The second begins no run.
                eventually(
                        "it waits",
                        () -> Arrays.stream(thread.getStackTrace())
                                .anyMatch(frame -> frame.getMethodName().equals("awaitOnce")));
                waiting.add(thread);
                ended.add(end);
            }
            assertTrue(first.runOnce("1", term -> {}));
            assertInstanceOf(AssertionError.class, ended.get(0).get(LIMIT.toSeconds(), TimeUnit.SECONDS));
            waiting.get(1).interrupt();
            assertInstanceOf(InterruptedException.class, ended.get(1).get(LIMIT.toSeconds(), TimeUnit.SECONDS));
            eventually("no thread stays for it", () -> !Background.accompanies((NativeElection) second));
        }
    }

    @Test
    void workThatIsInterruptedIsLeftToOthers() throws Exception {
        try (LeaderElection first = candidate().build();
                LeaderElection second = candidate().build()) {
            assertThrows(
                    InterruptedException.class,
                    () -> first.runOnce("1", term -> {
                        throw new InterruptedException("on purpose");
                    }));
            assertTrue(second.runOnce("1", term -> {}));
        }
    }

    @Test
    void aStopEndsTheWaitForAnother() throws Exception {
        try (LeaderElection first = candidate().start();
                LeaderElection second = candidate().build()) {
            first.waitForLeadership(LIMIT);
            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> {
                try {
                    eventually("it waits", () -> second.leader().isPresent());
                } catch (InterruptedException nobody) {
                    throw new AssertionError(nobody);
                }
                second.stop();
            });
            assertThrows(ClosedException.class, () -> second.runOnce("1", RunOnceTest::unreachable));
            stopped.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void whatCannotBeAKeyIsRefused() {
        try (LeaderElection election = candidate().build()) {
            assertThrows(ConfigException.class, () -> election.runOnce("", RunOnceTest::unreachable));
            assertEquals(Role.STOPPED, election.status().role());
        }
    }
}
