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
    static final Logger LOGGER = logger("io.leasehold");

    private static final long TURN = Duration.ofMillis(200).toNanos();
    private static final long LIMIT = Duration.ofSeconds(5).toNanos();

    /** It has not taken a line within the limit, nor since. */
    private static volatile boolean blocked;

    private Log() {}

    /**
     * That of SLF4J where the program has it, else the platform's: when a JVM shuts down, java.util.logging takes its
     * handlers away at once, even those that pass on to SLF4J, and with them the lines on how the elections end.
     */
    private static Logger logger(String name) {
        try {
            if (Slf4jLogger.hasProvider()) {
                return new Slf4jLogger(name);
            }
        } catch (LinkageError absent) {
            // SLF4J is no dependency.
        }
        return System.getLogger(name);
    }

    /** Waits for a line for a while, and logs it. Returns whether there was one. */
    static boolean passOn() {
        Fields line = Fields.of(Native.nextLogLine(TURN));
        if (line == null) {
            return false;
        }
        Level level = Level.valueOf(line.text("level"));
        if (LOGGER instanceof Slf4jLogger slf4j) {
            slf4j.log(level, line.text("message"), line.below("field."));
        } else {
            LOGGER.log(level, line.text("message"));
        }
        blocked = false;
        return true;
    }

    /** Waits until what has been said so far is in the log. One that blocks is waited for once. */
    static void awaitPassedOn() {
        if (!blocked) {
            blocked = !Native.awaitLog(LIMIT);
        }
    }
}
