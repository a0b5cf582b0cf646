package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.function.ThrowingConsumer;

class UseAfterCloseTest {
    private static LeaderElection.Builder always() {
        return LeaderElection.builder("jobs").mode(Mode.ALWAYS);
    }

    private record Method(String name, ThrowingConsumer<LeaderElection> call) {}

    @TestFactory
    Stream<DynamicTest> whatHasNoAnswerSaysThatTheElectionIsClosed() {
        List<Method> methods = List.of(
                new Method("start", LeaderElection::start),
                new Method("stepDown", LeaderElection::stepDown),
                new Method("term", LeaderElection::term),
                new Method("leader", LeaderElection::leader),
                new Method("remaining", LeaderElection::remaining),
                new Method("status", LeaderElection::status),
                new Method("waitForLeadership", election -> election.waitForLeadership(LIMIT)),
                new Method("claim", election -> election.claim("bill", Instant.EPOCH)),
                new Method("claimMissed", election -> election.claimMissed("bill", Instant.EPOCH, Duration.ZERO)),
                new Method("lastFiring", election -> election.lastFiring("bill")),
                new Method("addListener", election -> election.addListener(new Elections.Diary())),
                new Method("checkHealth", election -> election.checkHealth(Duration.ZERO)),
                new Method("metrics", LeaderElection::metrics));
        return methods.stream()
                .map(method -> DynamicTest.dynamicTest(method.name(), () -> {
                    LeaderElection election = always().start();
                    election.close();
                    assertThrows(ClosedException.class, () -> method.call().accept(election));
                    assertFalse(election.isLeader());
                }));
    }

    /** As on any instance that does not lead: a worker need not know that somebody closes its election. */
    @Test
    void noWorkRunsAfterClose() {
        LeaderElection election = always().start();
        election.close();
        assertFalse(election.runIfLeader(() -> fail("it ran")));
        assertEquals(Optional.empty(), election.callIfLeader(term -> "it ran"));
    }

    @Test
    void whatIsClosedHasStopped() {
        LeaderElection election = always().start();
        election.close();
        election.stop();
        election.stop(Duration.ZERO);
        assertFalse(election.requestStop());
    }

    @Test
    void aTermOutlivesItsElectionAndIsOver() throws Exception {
        Term term;
        try (LeaderElection election = always().start()) {
            term = election.waitForLeadership(LIMIT);
        }
        assertFalse(term.isValid());
        assertEquals(Duration.ZERO, term.remaining());
        assertThrows(LeadershipLostException.class, term::check);
    }

    @Test
    void numbersThatWereNeverGivenOutAreNoElections() {
        always().build().close();
        for (long number : new long[] {0, 1, -1, 64, 1L << 32, 7L << 32, Long.MAX_VALUE, Long.MIN_VALUE}) {
            assertFalse(Native.isLeader(number));
            assertFalse(Native.isTermValid(number, 1));
            assertThrows(ClosedException.class, () -> Native.start(number));
            assertNull(Native.nextEvent(number));
            Native.close(number);
            Native.unlisten(number);
            Native.endListening(number);
            Native.endWork(number);
        }
    }

    @Test
    void nullsAreExceptions() {
        always().build().close();
        List<Executable> calls = List.of(
                () -> Native.create(null),
                () -> Native.create(new String[] {"lease", null}),
                () -> always().set("lease", null));
        calls.forEach(call -> assertThrows(RuntimeException.class, call));
    }

    @Test
    void aNullSaysWhatToDoInstead() {
        String lease = assertThrows(NullPointerException.class, () -> LeaderElection.builder(null))
                .getMessage();
        assertTrue(lease.contains("name the Lease"), lease);
        String other = assertThrows(NullPointerException.class, () -> always().identity(null))
                .getMessage();
        assertTrue(other.contains("identity = null: leave it out"), other);
    }

    /** While some ask all the time, another closes what they ask about. */
    @Test
    void closingWhileOthersAskIsHarmless() throws Exception {
        AtomicReference<LeaderElection> present = new AtomicReference<>(always().start());
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(3);
        IntStream.range(0, 3)
                .forEach(number -> new Thread(() -> {
                            try {
                                while (!done.get()) {
                                    ask(present.get());
                                }
                            } catch (Throwable unexpected) {
                                failure.set(unexpected);
                            }
                            ended.countDown();
                        })
                        .start());
        for (int round = 0; round < 500; round++) {
            present.getAndSet(always().start()).close();
        }
        done.set(true);
        assertTrue(ended.await(LIMIT.toSeconds(), TimeUnit.SECONDS));
        present.get().close();
        assertNull(failure.get());
    }

    private static void ask(LeaderElection election) {
        election.isLeader();
        election.runIfLeader(() -> {});
        try {
            election.term().ifPresent(Term::isValid);
            election.status();
        } catch (ClosedException closedMeanwhile) {
            // As it should.
        }
    }
}
