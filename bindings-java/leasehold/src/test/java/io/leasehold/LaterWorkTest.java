package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static io.leasehold.Elections.eventually;
import static io.leasehold.Elections.in;
import static io.leasehold.Elections.leaderIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work that goes on after the call which began it has returned. */
class LaterWorkTest {
    @TempDir
    Path folder;

    private void isHeldUntilDone(Future<?> later, Runnable done) throws Exception {
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            assertEquals(later, leader.callIfLeader(term -> later).orElseThrow());
            leader.requestStop();
            eventually("it waits for the work", () -> leader.status().role() == Role.DRAINING);
            assertFalse(standby.isLeader());
            done.run();
            standby.waitForLeadership(LIMIT);
        }
    }

    @Test
    void theLeaseIsHeldUntilACompletionStageHasCompleted() throws Exception {
        CompletableFuture<String> later = new CompletableFuture<>();
        isHeldUntilDone(later, () -> later.complete("done"));
    }

    @Test
    void aFailureEndsItToo() throws Exception {
        CompletableFuture<String> later = new CompletableFuture<>();
        isHeldUntilDone(later, () -> later.completeExceptionally(new IllegalStateException("on purpose")));
    }

    @Test
    void theLeaseIsHeldUntilAFutureHasCompleted() throws Exception {
        FutureTask<String> later = new FutureTask<>(() -> "done");
        isHeldUntilDone(later, later);
    }

    @Test
    void theLeaseIsHeldUntilTheFutureOfAFutureHasCompleted() throws Exception {
        CompletableFuture<String> inner = new CompletableFuture<>();
        CompletableFuture<Object> outer = CompletableFuture.completedFuture(inner);
        isHeldUntilDone(outer, () -> inner.complete("done"));
    }

    @Test
    void aResultWhoseWorkIsDoneLaterIsRefused() throws Exception {
        Callable<String> callable = () -> "later";
        Flow.Publisher<String> publisher = subscriber -> {};
        List<Object> results = List.of(Stream.of(1), List.of(1).iterator(), callable, publisher, new Thread());
        try (LeaderElection leader = leaderIn(folder);
                LeaderElection standby = in(folder).start()) {
            for (Object result : results) {
                String refusal = assertThrows(IllegalStateException.class, () -> leader.callIfLeader(term -> result))
                        .getMessage();
                assertTrue(refusal.contains(result.getClass().getName()), refusal);
            }
            leader.stop();
            standby.waitForLeadership(LIMIT);
        }
    }

    /** Not only where it would run. */
    @Test
    void workThatIsNullIsRefusedOnAStandbyAsWell() throws Exception {
        try (LeaderElection standby = in(folder).mode(Mode.NEVER).start()) {
            assertThrows(NullPointerException.class, () -> standby.runIfLeader((LeaderTask<RuntimeException>) null));
            assertThrows(NullPointerException.class, () -> standby.runIfLeader((Runnable) null));
            assertThrows(NullPointerException.class, () -> standby.callIfLeader(null));
        }
    }
}
