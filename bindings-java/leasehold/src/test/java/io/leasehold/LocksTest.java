package io.leasehold;

import static io.leasehold.Elections.next;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Locks in a folder, which the processes of a host share. */
class LocksTest {
    private static final long LIMIT_SECONDS = 60;

    @TempDir
    Path folder;

    /** Those that all share are fewer than block here, on a machine of three processors. */
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /** Held here, since java.util.logging forgets what nobody holds. */
    private final Logger logger = Logger.getLogger("io.leasehold");

    private Handler handler;

    @AfterEach
    void endThreads() {
        threads.shutdown();
    }

    @AfterEach
    void listenNoMore() {
        logger.removeHandler(handler);
        logger.setLevel(null);
    }

    /** Nothing expires while a test runs, and nobody is waited for in vain. */
    private Locks.Builder slow() {
        return Locks.builder()
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30))
                .drainTimeout(Duration.ofMinutes(10));
    }

    @Test
    void aLockIsHeldByOneAndGivenBack() {
        try (Locks here = slow().build();
                Locks there = slow().build()) {
            HeldLock held = here.tryLock("job").orElseThrow();
            assertTrue(held.isHeld());
            assertEquals("job", held.name());
            assertTrue(held.term().remaining().compareTo(Duration.ZERO) > 0);
            assertTrue(there.tryLock("job").isEmpty());
            assertTrue(held.release());
            assertFalse(held.release(), "the second time");
            assertFalse(held.isHeld());
            assertThrows(LeadershipLostException.class, held.term()::check);
            try (HeldLock next = there.tryLock("job").orElseThrow()) {
                assertTrue(next.fencingToken() > held.fencingToken());
            }
        }
    }

    @Test
    void aWaitEndsWithTheLockOrSaysWhoHoldsIt() throws InterruptedException {
        try (Locks here = slow().identity("me").build();
                Locks there = slow().build()) {
            HeldLock held = here.tryLock("job").orElseThrow();
            assertTrue(there.tryLock("job").isEmpty());
            TimedOutException inVain =
                    assertThrows(TimedOutException.class, () -> there.lock("job", Duration.ofMillis(50)));
            assertTrue(inVain.getMessage().contains("`me` holds the Lease"), inVain.getMessage());

            BlockingQueue<HeldLock> acquired = new LinkedBlockingQueue<>();
            Thread waiting = new Thread(() -> {
                try {
                    acquired.add(there.lock("job", Elections.LIMIT));
                } catch (InterruptedException unexpected) {
                    throw new AssertionError(unexpected);
                }
            });
            waiting.start();
            held.close();
            next(acquired).close();
        }
    }

    @Test
    void aWaitCanBeInterruptedAndWantsNothingAnyMore() throws Exception {
        try (Locks here = slow().build()) {
            HeldLock held = here.tryLock("job").orElseThrow();
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> here.lock("job", Elections.LIMIT));
            held.close();
            here.lock("job", Elections.LIMIT).close();
        }
    }

    @Test
    void aLockIsKeptForItsLeastTime() {
        try (Locks here = slow().build();
                Locks there = slow().build()) {
            LockRequest request = LockRequest.of("job").atLeast(Duration.ofHours(1));
            assertTrue(here.tryLock(request).orElseThrow().release());
            assertTrue(here.tryLock("job").isEmpty());
            assertTrue(there.tryLock("job").isEmpty());
        }
    }

    @Test
    void negativeDurationsAreNoneOrRefused() {
        try (Locks here = slow().build();
                Locks there = slow().build()) {
            HeldLock held = here.tryLock("job").orElseThrow();
            Duration negative = Duration.ofSeconds(Long.MIN_VALUE);
            assertThrows(TimedOutException.class, () -> there.lock("job", negative));
            assertThrows(ConfigException.class, () -> held.setLimits(negative, Duration.ZERO));
            LockRequest request = LockRequest.of("job");
            assertThrows(ConfigException.class, () -> request.atMost(negative));
            assertThrows(ConfigException.class, () -> request.atLeast(negative));
            held.close();
        }
    }

    @Test
    void workThatGoesOnForTooLongIsTold() throws InterruptedException {
        try (Locks locks = slow().build()) {
            HeldLock held = locks.tryLock(LockRequest.of("job").atMost(Duration.ofHours(1)))
                    .orElseThrow();
            held.setLimits(Duration.ofMillis(200), Duration.ZERO);
            BlockingQueue<LostReason> told = new LinkedBlockingQueue<>();
            held.onLoss(loss -> told.add(loss.reason()));
            assertEquals(LostReason.LIMIT_REACHED, next(told));
            assertFalse(held.isHeld());
            assertThrows(LeadershipLostException.class, () -> held.setLimits(null, Duration.ZERO));
            held.close();
        }
    }

    @Test
    void closingTellsHoldersAndWaitsForThem() throws Exception {
        Locks locks = slow().build();
        HeldLock held = locks.tryLock("job").orElseThrow();
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        held.onLoss(loss -> {
            // It would wait for itself.
            locks.close();
            told.add(loss.reason() + " " + (loss.timeLeft().toNanos() > 0));
            try {
                // Nobody has it while this goes on.
                try (Locks others = slow().build()) {
                    told.add("free: " + others.tryLock("job").isPresent());
                }
            } finally {
                held.close();
            }
        });
        CompletableFuture.runAsync(locks::close).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertEquals(List.of("STOPPED true", "free: false"), List.copyOf(told));
        assertThrows(ClosedException.class, () -> locks.tryLock("job"));
        locks.close();
        assertIsFree("job");
    }

    /** Given back, and not left to expire. */
    private void assertIsFree(String name) {
        try (Locks others = slow().build()) {
            others.tryLock(name).orElseThrow().close();
        }
    }

    @Test
    void aReleaseThatWaitsForTheListenerIsLeftAloneByAnother() throws Exception {
        Locks locks = slow().build();
        HeldLock held = locks.tryLock("job").orElseThrow();
        CountDownLatch mayReturn = new CountDownLatch(1);
        CompletableFuture<Void> closing = closeWhileTold(locks, held, () -> await(mayReturn));
        CompletableFuture<Boolean> one = CompletableFuture.supplyAsync(held::release, threads);
        CompletableFuture<Boolean> another = CompletableFuture.supplyAsync(held::release, threads);
        // The one that waits is not the only one that knows the lock.
        assertEquals(false, CompletableFuture.anyOf(one, another).get(LIMIT_SECONDS, TimeUnit.SECONDS));
        mayReturn.countDown();
        CompletableFuture.allOf(one, another, closing).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        assertIsFree("job");
    }

    @Test
    void closingWhileAnotherThreadDoesWaitsAsWell() throws Exception {
        Locks locks = slow().build();
        HeldLock held = locks.tryLock("job").orElseThrow();
        CountDownLatch mayReturn = new CountDownLatch(1);
        CompletableFuture<Void> closing = closeWhileTold(locks, held, () -> {
            await(mayReturn);
            held.close();
        });
        mayReturn.countDown();
        locks.close();
        assertIsFree("job");
        closing.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** The locks are closing, and the holder is told, who does this then. */
    private CompletableFuture<Void> closeWhileTold(Locks locks, HeldLock held, Runnable then) throws Exception {
        BlockingQueue<LostReason> told = new LinkedBlockingQueue<>();
        held.onLoss(loss -> {
            told.add(loss.reason());
            then.run();
        });
        CompletableFuture<Void> closing = CompletableFuture.runAsync(locks::close, threads);
        assertEquals(LostReason.STOPPED, next(told));
        return closing;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(LIMIT_SECONDS, TimeUnit.SECONDS));
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    @Test
    void aReleaseIsNoLoss() throws InterruptedException {
        try (Locks locks = slow().build()) {
            HeldLock held = locks.tryLock("job").orElseThrow();
            BlockingQueue<LostReason> told = new LinkedBlockingQueue<>();
            held.onLoss(loss -> told.add(loss.reason()));
            assertTrue(held.release());
            locks.tryLock("job").orElseThrow().close();
            assertTrue(told.isEmpty());
        }
    }

    @Test
    void whatIsObservedIsFreeAtOnceWhenItsHolderHasCrashed() throws Exception {
        // Nobody renews it, as after a crash.
        Duration left = Duration.ofSeconds(8);
        try (Locks crashing = slow().build()) {
            crashing.tryLock(LockRequest.of("job").atLeast(left)).orElseThrow().close();
        }
        CountDownLatch observed = whenLogged("the holder has changed");
        try (Locks observing = slow().observe("job").build();
                Locks others = slow().build()) {
            assertTrue(observed.await(LIMIT_SECONDS, TimeUnit.SECONDS));
            TimeUnit.NANOSECONDS.sleep(left.plusSeconds(1).toNanos());
            assertTrue(others.tryLock("job").isEmpty(), "seen for the first time");
            observing.tryLock("job").orElseThrow().close();
        }
    }

    /** Opened by a line of the log. */
    private CountDownLatch whenLogged(String text) {
        CountDownLatch logged = new CountDownLatch(1);
        logger.setLevel(Level.INFO);
        handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                if (line.getMessage().contains(text)) {
                    logged.countDown();
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        return logged;
    }

    @Test
    void wrongSettingsAreNamed() {
        ConfigException wrong = assertThrows(
                ConfigException.class,
                () -> Locks.builder().leaseDuration(Duration.ZERO).build());
        assertTrue(wrong.getMessage().startsWith("lease_duration"), wrong.getMessage());
    }
}
