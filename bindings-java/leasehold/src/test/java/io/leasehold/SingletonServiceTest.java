package io.leasehold;

import static io.leasehold.Elections.in;
import static io.leasehold.Elections.next;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SingletonServiceTest {
    @TempDir
    Path folder;

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    private class Service implements SingletonService {
        @Override
        public void start(Term term) throws Exception {
            told.add("start " + term.isValid());
        }

        @Override
        public void stop() throws Exception {
            told.add("stop");
        }
    }

    @Test
    void aServiceStartsAndStopsWithEachTerm() throws Exception {
        try (LeaderElection election = in(folder).build()) {
            election.addSingletonService(new Service());
            for (int term = 0; term < 2; term++) {
                election.start();
                assertEquals("start true", next(told));
                election.stop();
                assertEquals("stop", next(told));
            }
        }
    }

    @Test
    void aServiceStopsWhenItsRegistrationIsClosed() throws Exception {
        try (LeaderElection election = in(folder).build()) {
            Registration registration = election.addSingletonService(new Service());
            election.start();
            assertEquals("start true", next(told));
            registration.close();
            assertEquals("stop", next(told));
        }
    }

    @Test
    void aServiceThatFailsToStartIsStoppedAtTheEndOfTheTerm() throws Exception {
        try (LeaderElection election = in(folder).build()) {
            election.addSingletonService(new Service() {
                @Override
                public void start(Term term) throws Exception {
                    super.start(term);
                    throw new Exception("on purpose: a service that does not start");
                }

                @Override
                public void stop() throws Exception {
                    super.stop();
                    throw new Exception("on purpose: a service that does not stop");
                }
            });
            election.start();
            assertEquals("start true", next(told));
            election.stop();
            assertEquals("stop", next(told));
            election.start();
            assertEquals("start true", next(told));
        }
    }
}
