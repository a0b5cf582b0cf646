package io.leasehold.spring;

import java.util.concurrent.CountDownLatch;

/** Between the end of leadership and the end of the work that was done under it. */
final class Shutdown {
    private static final CountDownLatch OPEN = new CountDownLatch(0);

    private volatile CountDownLatch work = OPEN;

    void begins() {
        work = new CountDownLatch(1);
    }

    void workHasStopped() {
        work.countDown();
    }

    void isOff() {
        workHasStopped();
        work = OPEN;
    }

    /** Returns at once where there is no shutdown. */
    void awaitEndOfWork() {
        try {
            work.await();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
