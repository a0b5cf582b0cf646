package io.leasehold;

/**
 * The native methods. Elections, listeners and work under way are numbers here, which the native half checks at each use:
 * one that was given back is an error there, never a crash. Arrays of texts are {@link Fields}, but for lists of names.
 */
final class Native {
    /** Stands for the drain limit of the settings. */
    static final long DRAIN_AS_SET = -1;

    /** Stands for no limit, and for no wait. */
    static final long NONE = -1;

    /** How long a thread waits there until it looks whether it was interrupted. */
    static final long SLICE_NANOS = 50_000_000;

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

    static native long beginOnce(long election, String key, boolean inListener, long nanos);

    static native String[] awaitOnce(long call, long nanos);

    static native void onceEnded(long call, String failure);

    static native void dropOnce(long call);

    static native void endOnce(long call);

    static native long beginClaim(long election, String job, long dueMillis, long missedWithinNanos);

    static native String[] awaitClaim(long claim, long nanos);

    static native void endClaim(long claim);

    static native long lastFiring(long election, String job);

    // ---- listeners -------------------------------------------------------------------------------------------------

    static native long listen(long election);

    static native String[] nextEvent(long listener);

    static native long lossTimeLeft(long listener, long fencingToken);

    static native void endListening(long listener);

    static native void unlisten(long listener);

    // ---- locks -----------------------------------------------------------------------------------------------------

    static native long createLocks(String[] namesAndTexts);

    static native void observeLock(long locks, String name);

    static native void requestCloseLocks(long locks);

    static native void closeLocks(long locks);

    static native long beginLock(long locks, String name, long timeoutNanos, long atMostNanos, long atLeastNanos);

    static native String[] awaitLock(long attempt, long nanos);

    static native void endLock(long attempt);

    static native boolean isLockHeld(long lock);

    static native long lockRemaining(long lock);

    static native void checkLock(long lock);

    static native void setLockLimits(long lock, long atMostNanos, long atLeastNanos);

    static native boolean releaseLock(long lock);

    static native String awaitLossOfLock(long lock);

    static native long lossOfLockTimeLeft(long lock);

    static native void endLossOfLock(long lock);

    // ---- the process -----------------------------------------------------------------------------------------------

    /** Found by name, as is the next, in a library of any version. */
    static native String version();

    /** Makes all other methods known, but for {@link #isLeader} and {@link #isTermValid}, which are found by name. */
    static native void register();

    static native void openLog();

    static native String[] nextLogLine(long limitNanos);

    static native boolean awaitLog(long limitNanos);

    static native void fail(String kind, String message);

    /** Called by the native half, to throw an error of a kind. */
    @SuppressWarnings("unused")
    private static void raise(String kind, String message) {
        throw ErrorKind.named(kind).exception(message);
    }
}
