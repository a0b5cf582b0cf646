package io.leasehold.camel;

/** Between two looks at what Camel does not tell of. */
final class Pause {
    private static final long MILLIS = 10;

    private Pause() {}

    /** False if the thread is interrupted, which stays so. */
    static boolean passes() {
        try {
            Thread.sleep(MILLIS);
            return true;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
