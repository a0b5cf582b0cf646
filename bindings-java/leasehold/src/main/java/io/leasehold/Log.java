package io.leasehold;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;

/**
 * Passes the native half's log on. On a thread of its own, apart from the pulse: a log that blocks is not a JVM that
 * hangs.
 */
final class Log {
    /** Everything that Leasehold logs. */
    static final Logger LOGGER = System.getLogger("io.leasehold");

    private static final long LIMIT = Duration.ofMillis(200).toNanos();

    private Log() {}

    /** Waits for a line for a while, and logs it. Returns whether there was one. */
    static boolean passOn() {
        String[] line = Native.nextLogLine(LIMIT);
        if (line == null) {
            return false;
        }
        LOGGER.log(Level.valueOf(line[0]), line[1]);
        return true;
    }
}
