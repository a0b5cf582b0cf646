package io.leasehold;

import static io.leasehold.Elections.eventually;
import static io.leasehold.Elections.in;
import static io.leasehold.Elections.leaderIn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTest {
    /** Held here, since java.util.logging forgets what nobody holds. */
    private final Logger logger = Logger.getLogger("io.leasehold");

    private final Diary diary = new Diary();

    @TempDir
    Path folder;

    @BeforeEach
    void listen() {
        logger.setLevel(Level.ALL);
        logger.addHandler(diary);
    }

    @AfterEach
    void listenNoMore() {
        logger.removeHandler(diary);
        logger.setLevel(null);
    }

    /** Each line takes a while, as on a slow disk. */
    private static final class Diary extends Handler {
        final List<String> lines = new CopyOnWriteArrayList<>();
        volatile CountDownLatch blocked = new CountDownLatch(0);

        @Override
        public void publish(LogRecord line) {
            try {
                blocked.await();
                TimeUnit.MILLISECONDS.sleep(20);
            } catch (InterruptedException impossible) {
                throw new IllegalStateException(impossible);
            }
            lines.add(line.getLevel() + " " + line.getMessage());
        }

        boolean has(String text) {
            return !all(text).isEmpty();
        }

        /** Among those of earlier tests, which may come late. */
        List<String> all(String text) {
            return lines.stream().filter(line -> line.contains(text)).toList();
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @Test
    void whichElectionThisIsIsInTheLogWhenItStarts() throws Exception {
        try (LeaderElection election = in(folder).identity("me").start()) {
            String where = "location=namespace `default` in " + folder;
            eventually(
                    "it is said",
                    () -> diary.has(
                            "INFO taking part in the election lease=\"jobs\" mode=\"file\" identity=\"me\" " + where));
            eventually("and who leads", () -> diary.has("INFO leading ") && diary.has("identity=\"me\""));
        }
        in(folder).mode(Mode.NEVER).start().close();
        assertTrue(diary.has("INFO not taking part, and never leading (mode `never`)"), diary.lines::toString);
    }

    @Test
    void aTermThatNobodyHereHasEndedIsAWarning() throws Exception {
        LeaderElection election = in(folder).retryPeriod(Duration.ofMillis(100)).start();
        election.waitForLeadership(Elections.LIMIT);
        File lease = folder.resolve("default/jobs/lease.json").toFile();
        eventually("it is lost", () -> {
            // Again and again: a renewal that has begun puts it back.
            lease.delete();
            return diary.has("WARNING no longer leading");
        });
        election.close();
    }

    @Test
    void howAnElectionEndsIsInTheLogBeforeCloseReturns() throws Exception {
        leaderIn(folder).close();
        assertTrue(diary.has("INFO no longer leading"), diary.lines::toString);
        assertTrue(diary.has("stopped"), diary.lines::toString);
    }

    @Test
    void aLogThatBlocksDelaysAStopByItsLimitOnly() throws Exception {
        LeaderElection election = leaderIn(folder);
        eventually("it is in the log", () -> diary.has("leading"));
        diary.blocked = new CountDownLatch(1);
        election.close();
        assertFalse(diary.has("stopped"));
        diary.blocked.countDown();
        eventually("it goes on", () -> diary.has("stopped"));
    }

    @Test
    void workThatOutlastsItsLimitIsInTheLog() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        LeaderElection election = leaderIn(folder);
        FutureTask<Boolean> work = new FutureTask<>(() -> election.runIfLeader(term -> {
            begun.countDown();
            end.await();
        }));
        new Thread(work).start();
        assertTrue(begun.await(Elections.LIMIT.toSeconds(), TimeUnit.SECONDS));
        election.stop(Duration.ZERO);
        end.countDown();
        election.close();
        assertTrue(diary.has("work has not ended in time"), diary.lines::toString);
    }

    @Test
    void anElectionThatWasNeverStartedSaysSoOnceWhenWorkIsAskedOfIt() throws Exception {
        try (LeaderElection election = in(folder).build()) {
            assertFalse(election.isLeader());
            assertEquals(List.of(), diary.all("never started"));
            assertFalse(election.runIfLeader(() -> {}));
            assertFalse(election.runIfLeader(() -> {}));
            assertEquals(
                    List.of("WARNING the election for `jobs` was never started: call start()"),
                    diary.all("never started"));
        }
    }

    @Test
    void oneThatHasStoppedWasStarted() throws Exception {
        try (LeaderElection election = leaderIn(folder)) {
            election.stop();
            assertFalse(election.runIfLeader(() -> {}));
            assertFalse(diary.has("never started"));
        }
    }
}
