package io.leasehold.test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.ClosedException;
import io.leasehold.LeaderElection;
import io.leasehold.LeadershipListener;
import io.leasehold.Loss;
import io.leasehold.LostReason;
import io.leasehold.Registration;
import io.leasehold.Role;
import io.leasehold.SingletonService;
import io.leasehold.Term;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeaseholdExtension.class)
class TestLeaderElectionTest {
    private final List<String> told = new ArrayList<>();

    private final LeadershipListener diary = new LeadershipListener() {
        @Override
        public void acquired(Term term) {
            told.add("acquired " + term.isValid());
        }

        @Override
        public void lost(Loss loss) {
            told.add("lost " + loss.reason() + " " + loss.term().isValid());
        }

        @Override
        public void leaderChanged(String holder) {
            told.add("leader " + holder);
        }

        @Override
        public void stopped() {
            told.add("stopped");
        }

        @Override
        public void removed() {
            told.add("removed");
        }
    };

    @Test
    void itLeadsWhenTheTestSaysSo(TestLeaderElection election) throws Exception {
        assertFalse(election.isLeader());
        assertEquals(Role.CANDIDATE, election.status().role());
        Term term = election.lead();
        assertTrue(election.isLeader());
        assertSame(term, election.waitForLeadership(Duration.ZERO));
        election.lose(LostReason.EXPIRED);
        assertFalse(election.isLeader());
        assertFalse(term.isValid());
        assertTrue(election.lead().fencingToken() > term.fencingToken());
    }

    @Test
    void listenersAreToldBeforeTheTestGoesOn(TestLeaderElection election) {
        election.addListener(diary);
        election.lead();
        election.follow("another");
        election.stop();
        election.close();
        assertEquals(
                List.of(
                        "acquired true",
                        "leader this-instance",
                        "lost SUPERSEDED false",
                        "leader null",
                        "leader another",
                        "stopped",
                        "removed"),
                told);
    }

    @Test
    void aServiceStartsAndStopsWithLeadership(TestLeaderElection election) {
        Registration registration = election.addSingletonService(new SingletonService() {
            @Override
            public void start(Term term) {
                told.add("start");
            }

            @Override
            public void stop() {
                told.add("stop");
            }
        });
        election.lead();
        election.stepDown();
        election.lead();
        registration.close();
        assertEquals(List.of("start", "stop", "start", "stop"), told);
    }

    @Test
    void guardedWorkRunsOnTheLeaderOnly(TestLeaderElection election) {
        assertFalse(election.runIfLeader(() -> told.add("too early")));
        election.lead();
        assertTrue(election.runIfLeader(term -> told.add("in term " + term.isValid())));
        assertEquals(List.of("in term true"), told);
    }

    @Test
    void oneTestHasOneElection(TestLeaderElection election, LeaderElection same) {
        assertSame(election, same);
    }

    @Test
    void aClosedElectionIsClosed(TestLeaderElection election) {
        election.lead();
        election.close();
        election.close();
        assertFalse(election.isLeader());
        assertThrows(ClosedException.class, election::status);
        assertThrows(ClosedException.class, election::lead);
        assertFalse(election.runIfLeader(() -> told.add("after the end")));
        election.stop();
        assertFalse(election.requestStop());
        assertEquals(List.of(), told);
    }
}
