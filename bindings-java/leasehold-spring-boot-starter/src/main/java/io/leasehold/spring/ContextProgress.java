package io.leasehold.spring;

import java.util.concurrent.CountDownLatch;

/** How far the context has come, for the listeners of elections, which begin before it and end after it. */
final class ContextProgress {
    private volatile CountDownLatch start = new CountDownLatch(1);
    private volatile CountDownLatch endOfWork = new CountDownLatch(0);

    /** Nothing has started yet, or again. */
    void begins() {
        start = new CountDownLatch(1);
        endOfWork = new CountDownLatch(0);
    }

    void hasStarted() {
        start.countDown();
    }

    /** All work under a term has been asked to stop. */
    void isStopping() {
        endOfWork = new CountDownLatch(1);
    }

    void hasStopped() {
        start.countDown();
        endOfWork.countDown();
    }

    void awaitStart() {
        await(start);
    }

    /** Returns at once if the context is not stopping. */
    void awaitEndOfWork() {
        await(endOfWork);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
