package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static io.leasehold.Elections.in;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However a JVM ends, it ends; and unless it is killed, it releases what it leads. */
class ShutdownTest {
    private static final int TERMINATED = 128 + 15;

    @TempDir
    Path folder;

    @Test
    void systemExitReleasesTheLease() throws Exception {
        assertEquals(7, exitCodeAfter("exits"));
        assertReleased();
    }

    @Test
    void anUncaughtExceptionInMainReleasesTheLease() throws Exception {
        assertEquals(1, exitCodeAfter("throws"));
        assertReleased();
    }

    @Test
    void theEndOfMainReleasesTheLease() throws Exception {
        assertEquals(0, exitCodeAfter("returns"));
        assertReleased();
    }

    @Test
    void sigtermReleasesTheLease() throws Exception {
        try (ChildJvm child = ChildJvm.running(Leader.class, folder, "waits")) {
            child.says("leading");
            child.signal("TERM");
            assertEquals(TERMINATED, child.ends());
        }
        assertReleased();
    }

    @Test
    void aListenerThatBlocksForEverDoesNotKeepTheJvm() throws Exception {
        assertEquals(0, exitCodeAfter("has a listener that blocks"));
    }

    /** Its clock has counted the pause, so its first answer is right. */
    @Test
    void aJvmThatWasStoppedKnowsAtOnceThatItLeadsNoMore() throws Exception {
        try (ChildJvm child = ChildJvm.running(Leader.class, folder, "answers");
                LeaderElection successor = in(folder).build()) {
            child.says("leading");
            do {
                child.tell("do you lead?");
                // Not yet again, if it has stood still for longer than its deadline.
            } while (child.says("yes", "no").equals("no"));
            child.signal("STOP");
            successor.start();
            successor.waitForLeadership(LIMIT);
            child.tell("do you lead?");
            child.signal("CONT");
            assertEquals("no", child.says("yes", "no"));
        }
    }

    private int exitCodeAfter(String end) throws Exception {
        try (ChildJvm child = ChildJvm.running(Leader.class, folder, end)) {
            child.says("leading");
            return child.ends();
        }
    }

    /** Its lease duration is an hour, so it was not waited for. */
    private void assertReleased() throws InterruptedException {
        try (LeaderElection successor = in(folder).start()) {
            successor.waitForLeadership(LIMIT);
        }
    }
}
