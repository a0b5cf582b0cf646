package io.leasehold.spring;

import io.leasehold.LeaderCall;
import io.leasehold.Term;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The threads that do guarded work, so that it can be interrupted when the context's own time for it is over. */
final class WorkUnderWay {
    private final Set<Worker> workers = ConcurrentHashMap.newKeySet();

    <T, E extends Exception> T during(Term term, LeaderCall<T, E> work) throws E {
        Worker worker = new Worker(Thread.currentThread());
        workers.add(worker);
        try {
            return work.call(term);
        } finally {
            workers.remove(worker);
            worker.end();
        }
    }

    void interrupt() {
        workers.forEach(Worker::interrupt);
    }

    private static final class Worker {
        private final Thread thread;
        private boolean ended;
        private boolean interrupted;

        Worker(Thread thread) {
            this.thread = thread;
        }

        /** Not once it has ended, when its thread does something else; nor if it is what stops the context. */
        synchronized void interrupt() {
            if (!ended && thread != Thread.currentThread()) {
                interrupted = true;
                thread.interrupt();
            }
        }

        synchronized void end() {
            ended = true;
            if (interrupted) {
                // Meant for the work alone.
                Thread.interrupted();
            }
        }
    }
}
