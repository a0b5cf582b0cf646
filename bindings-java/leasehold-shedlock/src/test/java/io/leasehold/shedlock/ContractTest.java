package io.leasehold.shedlock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.HeldLock;
import io.leasehold.LeadershipLostException;
import io.leasehold.Locks;
import io.leasehold.LostReason;
import io.leasehold.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockAssert;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockExtender;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.LockingTaskExecutor;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.LockException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What ShedLock expects of each provider, as its own tests have it, which are not published: two instances, in a folder.
 * Their limits of milliseconds are such of seconds where a Lease has to expire.
 */
class ContractTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final long LIMIT_SECONDS = 60;

    @TempDir
    Path folder;

    private final List<Locks> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(Locks::close);
    }

    /** One whose locks do not expire while a test runs. */
    private LockProvider instance() {
        return instance(Duration.ofHours(1));
    }

    private LockProvider instance(Duration leaseDuration) {
        Locks locks = Locks.builder()
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(leaseDuration)
                .renewDeadline(leaseDuration.dividedBy(2))
                .retryPeriod(Duration.ofMillis(100))
                .build();
        opened.add(locks);
        return new LeaseholdLockProvider(locks);
    }

    private static LockConfiguration job(String name) {
        return job(name, LONG, Duration.ZERO);
    }

    private static LockConfiguration job(String name, Duration atMost, Duration atLeast) {
        return new LockConfiguration(Instant.now(), name, atMost, atLeast);
    }

    private static <T> T eventually(Callable<Optional<T>> found) throws Exception {
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (true) {
            Optional<T> present = found.call();
            if (present.isPresent()) {
                return present.get();
            }
            if (System.nanoTime() > limit) {
                throw new AssertionError("it never came");
            }
            Thread.sleep(20);
        }
    }

    @Test
    void aLockIsCreatedAndExcludesEverybodyUntilItIsUnlocked() {
        LockProvider here = instance();
        LockProvider there = instance();
        SimpleLock lock = here.lock(job("name")).orElseThrow();
        assertTrue(here.lock(job("name")).isEmpty());
        assertTrue(there.lock(job("name")).isEmpty());
        lock.unlock();
        there.lock(job("name")).orElseThrow().unlock();
        here.lock(job("name")).orElseThrow().unlock();
    }

    @Test
    void locksOfDifferentNamesAreIndependent() {
        LockProvider here = instance();
        SimpleLock first = here.lock(job("Reports_nightly#run")).orElseThrow();
        SimpleLock second = instance().lock(job("reports_Nightly#run")).orElseThrow();
        first.unlock();
        second.unlock();
    }

    @Test
    void aLockThatTookTooLongIsOthersWhenItsLeaseHasExpired() throws Exception {
        LockProvider there = instance();
        SimpleLock slow = instance(Duration.ofSeconds(10))
                .lock(job("name", Duration.ofMillis(50), Duration.ZERO))
                .orElseThrow();
        HeldLock held = JobLock.current().orElseThrow();
        eventually(() -> there.lock(job("name"))).unlock();
        assertFalse(held.isHeld());
        // As harmless as it is late.
        slow.unlock();
    }

    @Test
    void aLockIsHeldForAtLeastSoLong() throws Exception {
        LockProvider here = instance();
        LockProvider there = instance();
        Duration atLeast = Duration.ofSeconds(3);
        long begun = System.nanoTime();
        here.lock(job("name", LONG, atLeast)).orElseThrow().unlock();
        eventually(() -> there.lock(job("name"))).unlock();
        assertTrue(System.nanoTime() - begun >= atLeast.toNanos());
        // Nor does the instance get it again that has had it.
        here.lock(job("other", LONG, Duration.ofMinutes(4))).orElseThrow().unlock();
        assertTrue(here.lock(job("other")).isEmpty());
    }

    @Test
    void aLockIsExtendedAndOnlyTheNewOneCounts() throws Exception {
        LockProvider here = instance();
        LockProvider there = instance();
        Duration atMost = Duration.ofMinutes(2);
        SimpleLock lock = here.lock(job("name", atMost, Duration.ZERO)).orElseThrow();
        SimpleLock extended = lock.extend(LONG, Duration.ZERO).orElseThrow();
        assertThrows(IllegalStateException.class, lock::unlock);
        assertTrue(there.lock(job("name")).isEmpty());
        assertTrue(JobLock.current().orElseThrow().isHeld());
        extended.unlock();
        assertThrows(IllegalStateException.class, () -> extended.extend(LONG, Duration.ZERO));
        there.lock(job("name")).orElseThrow().unlock();
    }

    @Test
    void whatIsLostIsNotExtended() throws Exception {
        LockProvider here = instance();
        SimpleLock lock =
                here.lock(job("name", Duration.ofMillis(50), Duration.ZERO)).orElseThrow();
        CompletableFuture<LostReason> told = new CompletableFuture<>();
        JobLock.current().orElseThrow().onLoss(loss -> told.complete(loss.reason()));
        assertEquals(LostReason.LIMIT_REACHED, told.get(LIMIT_SECONDS, TimeUnit.SECONDS));
        assertThrows(LeadershipLostException.class, JobLock::check);
        assertTrue(lock.extend(LONG, Duration.ZERO).isEmpty());
        // The job still runs, under the same lock, and unlocks it when it has ended.
        assertThrows(LeadershipLostException.class, JobLock::check);
        assertTrue(lock.extend(LONG, Duration.ZERO).isEmpty());
        lock.unlock();
        assertTrue(JobLock.current().isEmpty());
        assertThrows(IllegalStateException.class, lock::unlock);
    }

    @Test
    void anExtensionMayKeepTheLockForAtLeastSoLong() {
        LockProvider here = instance();
        SimpleLock lock = here.lock(job("name")).orElseThrow();
        lock.extend(LONG, Duration.ofMinutes(4)).orElseThrow().unlock();
        assertTrue(here.lock(job("name")).isEmpty());
        assertTrue(instance().lock(job("name")).isEmpty());
    }

    @Test
    void aJobKnowsItsLock() throws Throwable {
        LockingTaskExecutor executor = new DefaultLockingTaskExecutor(instance());
        List<Long> tokens = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            executor.executeWithLock(
                    (Runnable) () -> {
                        LockAssert.assertLocked();
                        JobLock.check();
                        LockExtender.extendActiveLock(LONG, Duration.ZERO);
                        JobLock.check();
                        tokens.add(JobLock.current().orElseThrow().fencingToken());
                    },
                    job("name"));
        }
        assertEquals(2, tokens.size());
        assertTrue(tokens.get(0) < tokens.get(1));
        assertTrue(JobLock.current().isEmpty());
        assertThrows(IllegalStateException.class, JobLock::check);
    }

    @Test
    void oneJobInsideOfAnotherHasItsOwn() {
        LockProvider here = instance();
        SimpleLock outer = here.lock(job("outer")).orElseThrow();
        SimpleLock inner = here.lock(job("inner")).orElseThrow();
        assertEquals("inner", JobLock.current().orElseThrow().name());
        inner.unlock();
        assertEquals("outer", JobLock.current().orElseThrow().name());
        outer.unlock();
    }

    @Test
    void whatCannotBeFoundOutIsAnErrorOfShedLocks() {
        LockProvider here = instance();
        opened.forEach(Locks::close);
        assertThrows(LockException.class, () -> here.lock(job("name")));
    }

    /** As ShedLock's fuzz tester: what two at a time would count wrong. */
    @Test
    void manyThreadsOfTwoInstancesNeverOverlap() throws Exception {
        int[] counters = {0, 0};
        List<LockProvider> instances = List.of(instance(), instance());
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<int[]>> runs = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                LockProvider provider = instances.get(thread % 2);
                runs.add(threads.submit(() -> countUnderLocks(provider, counters)));
            }
            int[] counted = {0, 0};
            for (Future<int[]> run : runs) {
                int[] done = run.get(LIMIT_SECONDS, TimeUnit.SECONDS);
                counted[0] += done[0];
                counted[1] += done[1];
            }
            assertNotEquals(0, counted[0] * counted[1]);
            assertEquals(counted[0], counters[0]);
            assertEquals(counted[1], counters[1]);
        } finally {
            threads.shutdownNow();
        }
    }

    private static int[] countUnderLocks(LockProvider provider, int[] counters) throws InterruptedException {
        int[] done = {0, 0};
        for (int attempt = 0; attempt < 12; attempt++) {
            int which = attempt % 2;
            Optional<SimpleLock> lock = provider.lock(job("counter-" + which));
            if (lock.isPresent()) {
                int before = counters[which];
                Thread.sleep(2);
                counters[which] = before + 1;
                done[which]++;
                lock.get().unlock();
            }
        }
        return done;
    }
}
