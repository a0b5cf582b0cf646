package io.leasehold.spring;

import static io.leasehold.spring.Contexts.A_WHILE;
import static io.leasehold.spring.Contexts.LIMIT;
import static io.leasehold.spring.Contexts.election;
import static io.leasehold.spring.Contexts.instance;
import static io.leasehold.spring.Contexts.next;
import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.leasehold.LostReason;
import io.leasehold.Term;
import io.leasehold.TimedOutException;
import io.leasehold.test.TestLeaderElection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

class EventsTest {
    @TempDir
    Path folder;

    /** Notes terms, and who leads. */
    static class Notes {
        final BlockingQueue<LeadershipEvent> terms = new LinkedBlockingQueue<>();
        final BlockingQueue<String> leaders = new LinkedBlockingQueue<>();

        @EventListener({LeadershipAcquiredEvent.class, LeadershipLostEvent.class})
        void term(LeadershipEvent event) {
            terms.add(event);
        }

        @EventListener
        void leader(LeaderChangedEvent event) {
            if (event.holder() != null) {
                leaders.add(event.election() + " " + event.holder());
            }
        }
    }

    /** Blocks in the events of its first term until it is let go on. */
    static class Slow {
        final CountDownLatch goOn = new CountDownLatch(1);
        final CountDownLatch toldOfTheEnd = new CountDownLatch(1);

        @EventListener
        void lost(LeadershipLostEvent event) throws InterruptedException {
            toldOfTheEnd.countDown();
            goOn.await();
        }
    }

    static class SlowFromTheStart {
        final CountDownLatch told = new CountDownLatch(1);
        final CountDownLatch goOn = new CountDownLatch(1);

        @EventListener
        void acquired(LeadershipAcquiredEvent event) throws InterruptedException {
            told.countDown();
            goOn.await();
        }
    }

    /** Ends the application with its first term. */
    @Configuration(proxyBeanMethods = false)
    static class Ending {
        @Autowired
        ConfigurableApplicationContext context;

        final CountDownLatch hasRun = new CountDownLatch(1);

        /** Not before the application has run: a run that finds its context closed fails. */
        @EventListener
        void acquired(LeadershipAcquiredEvent event) throws InterruptedException {
            hasRun.await();
            context.close();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Noting {
        @Bean
        Notes notes() {
            return new Notes();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class SlowAtTheEnd {
        @Bean
        Slow slow() {
            return new Slow();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class SlowAtTheStart {
        @Bean
        SlowFromTheStart slow() {
            return new SlowFromTheStart();
        }
    }

    @Test
    void eachTermIsToldOnceAtItsBeginningAndOnceAtItsEnd() throws Exception {
        try (ConfigurableApplicationContext instance = instance(folder, "a", Noting.class)) {
            Notes notes = instance.getBean(Notes.class);
            LeadershipAcquiredEvent acquired = (LeadershipAcquiredEvent) next(notes.terms);
            assertThat(acquired.election()).isEqualTo("default");
            assertThat(next(notes.leaders)).isEqualTo("default a");

            instance.getBean(ClusterLeaderService.class).stepDown();
            LeadershipLostEvent lost = (LeadershipLostEvent) next(notes.terms);
            assertThat(lost.reason()).isEqualTo(LostReason.STEPPED_DOWN);
            assertThat(lost.term().fencingToken()).isEqualTo(acquired.term().fencingToken());
        }
    }

    /** Leads and steps down while the context is still starting. */
    @Configuration(proxyBeanMethods = false)
    static class LeadingWhileItStarts {
        final BlockingQueue<String> happened = new LinkedBlockingQueue<>();

        @EventListener({LeadershipAcquiredEvent.class, LeadershipLostEvent.class})
        void term(LeadershipEvent event) {
            happened.add(event.getClass().getSimpleName());
        }

        @Bean
        LateStart lateStart(ClusterLeaderService service) {
            return new LateStart(service, happened);
        }
    }

    static class LateStart implements SmartLifecycle {
        private final ClusterLeaderService service;
        private final BlockingQueue<String> happened;
        private boolean running;

        LateStart(ClusterLeaderService service, BlockingQueue<String> happened) {
            this.service = service;
            this.happened = happened;
        }

        @Override
        public void start() {
            try {
                service.election().waitForLeadership(LIMIT);
            } catch (InterruptedException ended) {
                throw new IllegalStateException(ended);
            }
            service.stepDown();
            happened.add("started");
            running = true;
        }

        @Override
        public void stop() {
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }

        @Override
        public int getPhase() {
            return Integer.MAX_VALUE - 1;
        }
    }

    @Test
    void whatHappensBeforeTheContextHasStartedIsToldAfterwards() throws Exception {
        try (ConfigurableApplicationContext instance = instance(folder, "a", LeadingWhileItStarts.class)) {
            BlockingQueue<String> happened = instance.getBean(LeadingWhileItStarts.class).happened;
            assertThat(next(happened)).isEqualTo("started");
            assertThat(next(happened)).isEqualTo("LeadershipAcquiredEvent");
            assertThat(next(happened)).isEqualTo("LeadershipLostEvent");
        }
    }

    @Test
    void aContextThatStopsIsToldOfTheEndAndOneThatStartsAgainOfANewTerm() throws Exception {
        try (ConfigurableApplicationContext instance = instance(folder, "a", Noting.class)) {
            Notes notes = instance.getBean(Notes.class);
            long first = ((LeadershipAcquiredEvent) next(notes.terms)).term().fencingToken();

            instance.stop();
            assertThat(((LeadershipLostEvent) next(notes.terms)).reason()).isEqualTo(LostReason.STOPPED);
            assertThat(instance.getBean(ClusterLeaderService.class).isThisInstanceLeader())
                    .isFalse();

            instance.start();
            assertThat(((LeadershipAcquiredEvent) next(notes.terms)).term().fencingToken())
                    .isGreaterThan(first);
            assertThat(instance.getBean(ClusterLeaderService.class).isThisInstanceLeader())
                    .isTrue();
            assertThat(notes.terms).isEmpty();
        }
    }

    @Test
    void aListenerThatBlocksDoesNotStallTheRenewal() throws Exception {
        try (ConfigurableApplicationContext leader = instance(folder, "a", SlowAtTheStart.class)) {
            SlowFromTheStart slow = leader.getBean(SlowFromTheStart.class);
            slow.told.await();
            Term term = election(leader).term().orElseThrow();
            for (int count = 0; count < 10; count++) {
                awaitRenewal(term);
            }
            assertThat(term.isValid()).isTrue();
            slow.goOn.countDown();
        }
    }

    /** A term's remaining time grows by a renewal only. */
    private static void awaitRenewal(Term term) throws InterruptedException {
        long limit = System.nanoTime() + LIMIT.toNanos();
        for (Duration before = term.remaining(); ; ) {
            Thread.sleep(10);
            Duration now = term.remaining();
            if (now.compareTo(before) > 0) {
                return;
            }
            assertThat(System.nanoTime()).as("no renewal").isLessThan(limit);
            before = now;
        }
    }

    @Test
    void theLeaseIsReleasedAfterTheLastListenerOfTheEndHasReturned() throws Exception {
        try (ConfigurableApplicationContext leader = instance(folder, "a", SlowAtTheEnd.class)) {
            election(leader).waitForLeadership(LIMIT);
            try (ConfigurableApplicationContext standby = instance(folder, "b", Noting.class)) {
                Slow slow = leader.getBean(Slow.class);
                election(leader).stepDown();
                slow.toldOfTheEnd.await();
                assertThatExceptionOfType(TimedOutException.class)
                        .isThrownBy(() -> election(standby).waitForLeadership(A_WHILE));
                slow.goOn.countDown();
                election(standby).waitForLeadership(LIMIT);
            }
        }
    }

    @Test
    void aListenerMayCloseTheContext() throws Exception {
        instance(folder, "a", Ending.class).getBean(Ending.class).hasRun.countDown();
        try (ConfigurableApplicationContext next = instance(folder, "b", Noting.class)) {
            election(next).waitForLeadership(LIMIT);
        }
    }

    @Test
    void aTestThatDecidesWhoLeadsHasTheListenersTold() {
        TestLeaderElection election = TestLeaderElection.started();
        runner().withBean("decided", ClusterLeaderService.class, () -> ClusterLeaderService.of(election))
                .withBean(Notes.class)
                .run(context -> {
                    Notes notes = context.getBean(Notes.class);
                    Term term = election.lead();
                    assertThat(notes.terms).containsExactly(new LeadershipAcquiredEvent("default", term));
                    assertThat(notes.leaders).hasSize(1);
                    election.lose(LostReason.EXPIRED);
                    assertThat(notes.terms).hasSize(2);
                });
        assertThat(election.lead().isValid()).isTrue();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Child extends Noting {}

    @Test
    void theListenersOfAChildContextAreToldOfItsParentsElectionsAndTheParentOnce() throws Exception {
        try (ConfigurableApplicationContext parent = instance(folder, "a", Noting.class)) {
            Notes ofParent = parent.getBean(Notes.class);
            assertThat(next(ofParent.terms)).isInstanceOf(LeadershipAcquiredEvent.class);
            try (ConfigurableApplicationContext child = new SpringApplicationBuilder(Child.class)
                    .parent(parent)
                    .web(WebApplicationType.NONE)
                    .properties("spring.jmx.enabled=false")
                    .run()) {
                assertThat(child.getBean(ClusterLeaderService.class))
                        .isSameAs(parent.getBean(ClusterLeaderService.class));
                Notes ofChild = child.getBean(Notes.class);
                assertThat(next(ofChild.terms)).isInstanceOf(LeadershipAcquiredEvent.class);
                election(parent).stepDown();
                assertThat(next(ofChild.terms)).isInstanceOf(LeadershipLostEvent.class);
                assertThat(next(ofParent.terms)).isInstanceOf(LeadershipLostEvent.class);
                assertThat(ofParent.terms).isEmpty();
            }
        }
    }
}
