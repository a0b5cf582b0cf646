package io.leasehold;

import static io.leasehold.Elections.LIMIT;
import static io.leasehold.Elections.in;
import static io.leasehold.Elections.next;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
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

    /** As of a consumer whose `run` returns when it has been told to end. */
    private class RunsInItsStart extends Service {
        private final CountDownLatch end = new CountDownLatch(1);

        @Override
        public void start(Term term) throws Exception {
            super.start(term);
            end.await();
            told.add("start has returned");
        }

        @Override
        public void stop() throws Exception {
            super.stop();
            end.countDown();
        }
    }

    @Test
    void aServiceWhoseStartLastsIsStoppedAndWaitedFor() throws Exception {
        try (LeaderElection leader = in(folder).start();
                LeaderElection standby = in(folder).build()) {
            leader.addSingletonService(new RunsInItsStart());
            assertEquals("start true", next(told));
            standby.start();
            leader.stop();
            assertEquals("stop", next(told));
            assertEquals("start has returned", next(told));
            standby.waitForLeadership(LIMIT);
        }
    }

    /** It would run on beside the new leader's. */
    @Test
    void aServiceThatStartsWhileItIsStoppedIsStoppedAgain() throws Exception {
        CountDownLatch stopped = new CountDownLatch(1);
        try (LeaderElection leader = in(folder).start()) {
            leader.addSingletonService(new Service() {
                @Override
                public void start(Term term) throws Exception {
                    stopped.await();
                    super.start(term);
                }

                @Override
                public void stop() throws Exception {
                    super.stop();
                    stopped.countDown();
                }
            });
            leader.waitForLeadership(LIMIT);
            leader.stop();
            assertEquals("stop", next(told));
            assertEquals("start false", next(told));
            assertEquals("stop", next(told));
        }
    }

    @Test
    void aServiceMayStopItsElectionFromAStartThatLasts() throws Exception {
        try (LeaderElection leader = in(folder).build()) {
            RunsInItsStart service = new RunsInItsStart() {
                @Override
                public void start(Term term) throws Exception {
                    super.start(term);
                    leader.stop();
                    told.add("stop has returned");
                }
            };
            Registration registration = leader.addSingletonService(service);
            leader.start();
            assertEquals("start true", next(told));
            service.end.countDown();
            assertEquals("start has returned", next(told));
            // At once, or when the start has returned, which is waited for, but not for long.
            assertEquals(Set.of("stop has returned", "stop"), Set.of(next(told), next(told)));
            registration.close();
        }
    }
}
