package io.leasehold;

import java.time.Duration;
import java.time.Instant;

/**
 * The native methods, and how what they return is read. Elections, listeners and work under way are numbers here, which
 * the native half checks at each use: one that was given back is an error there, never a crash.
 */
final class Native {
    /** Stands for the drain limit of the settings. */
    static final long DRAIN_AS_SET = -1;

    private Native() {}

    // ---- elections -------------------------------------------------------------------------------------------------

    static native long create(String[] namesAndTexts);

    static native void start(long election);

    static native void stop(long election, long drainNanos);

    static native boolean requestStop(long election, long drainNanos);

    static native void close(long election);

    static native boolean isRunning(long election);

    static native void stepDown(long election);

    static native boolean isLeader(long election);

    static native long remaining(long election);

    static native String[] term(long election);

    static native String[] status(long election);

    static native void notLeadingAfter(long election, long nanos);

    static native void checkHealth(long election, long toleranceNanos);

    static native String metrics(long election);

    static native long signOfLife();

    // ---- terms, and work under them --------------------------------------------------------------------------------

    static native boolean isTermValid(long election, long fencingToken);

    static native long termRemaining(long election, long fencingToken);

    static native void checkTerm(long election, long fencingToken);

    static native String[] beginWork(long election);

    static native void endWork(long work);

    // ---- listeners -------------------------------------------------------------------------------------------------

    static native long listen(long election);

    static native String[] nextEvent(long listener);

    static native long lossTimeLeft(long listener, long fencingToken);

    static native void endListening(long listener);

    static native void unlisten(long listener);

    // ---- the process -----------------------------------------------------------------------------------------------

    static native String version();

    static native void openLog();

    static native String[] nextLogLine(long limitNanos);

    static native boolean awaitLog(long limitNanos);

    static native String[] names(int list);

    static native void fail(String kind, String message);

    /** Called by the native half, to throw an error of a kind. */
    @SuppressWarnings("unused")
    private static void raise(String kind, String message) {
        throw ErrorKind.named(kind).exception(message);
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /** A term, whose five fields begin at {@code from}. */
    static Term term(long election, String[] fields, int from) {
        return new NativeTerm(
                election,
                Long.parseLong(fields[from]),
                Integer.parseInt(fields[from + 1]),
                fields[from + 2],
                Instant.ofEpochSecond(Long.parseLong(fields[from + 3]), Long.parseLong(fields[from + 4])));
    }

    static Status readStatus(String[] fields) {
        return new Status(
                fields[0],
                Mode.named(fields[1]),
                fields[2],
                Role.named(fields[3]),
                fields[4],
                fields[5],
                fields[6] == null ? null : ErrorKind.named(fields[6]).exception(fields[7]),
                Boolean.parseBoolean(fields[8]),
                fields[9] == null ? null : Long.valueOf(fields[9]),
                Duration.ofNanos(Long.parseLong(fields[10])));
    }

    /** Tells the listener of that number of an event. One of a kind that it does not know passes by. */
    static void deliver(long election, long number, String[] event, LeadershipListener listener) {
        switch (event[0]) {
            case "acquired" -> listener.acquired(term(election, event, 1));
            case "lost" -> listener.lost(new NativeLoss(number, term(election, event, 2), LostReason.named(event[1])));
            case "leader_changed" -> listener.leaderChanged(event[1]);
            case "renewal_failing" ->
                listener.renewalFailing(ErrorKind.named(event[1]).exception(event[2]));
            case "stopped" -> listener.stopped();
            default -> {}
        }
    }
}
