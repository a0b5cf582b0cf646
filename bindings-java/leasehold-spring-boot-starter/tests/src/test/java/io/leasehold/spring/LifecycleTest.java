package io.leasehold.spring;

import static io.leasehold.spring.Contexts.A_WHILE;
import static io.leasehold.spring.Contexts.LIMIT;
import static io.leasehold.spring.Contexts.election;
import static io.leasehold.spring.Contexts.instance;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.leasehold.Role;
import io.leasehold.TimedOutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.test.util.AopTestUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

class LifecycleTest {
    @TempDir
    Path folder;

    /** Begins once, when this instance leads, and goes on until it is told to end. */
    static class LongWork {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch end = new CountDownLatch(1);
        volatile Thread thread;

        void work() {
            thread = Thread.currentThread();
            begun.countDown();
            boolean ended = false;
            while (!ended) {
                try {
                    ended = end.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
                } catch (InterruptedException notYet) {
                    // As a job does that cannot be interrupted.
                }
            }
        }
    }

    static class GuardedByHand extends LongWork {
        @Autowired
        ClusterLeaderService clusterLeaderService;

        @Scheduled(fixedDelay = 10)
        void job() {
            if (clusterLeaderService.isThisInstanceLeader()) {
                work();
            }
        }
    }

    static class GuardedByAnnotation extends LongWork {
        @LeaderOnly
        @Scheduled(fixedDelay = 10)
        void job() {
            work();
        }
    }

    @RestController
    static class GuardedRequest extends LongWork {
        @Autowired
        ClusterLeaderService clusterLeaderService;

        @GetMapping("/job")
        public String job() {
            if (!clusterLeaderService.isThisInstanceLeader()) {
                return "standby";
            }
            work();
            return "done";
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableScheduling
    static class ByHand {
        @Bean
        LongWork work() {
            return new GuardedByHand();
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableScheduling
    static class ByAnnotation {
        @Bean
        GuardedByAnnotation work() {
            return new GuardedByAnnotation();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class InARequest {
        @Bean
        GuardedRequest work() {
            return new GuardedRequest();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Nothing {}

    @Test
    void theLeaseIsReleasedAtShutdown() throws Exception {
        try (ConfigurableApplicationContext leader = instance(folder, "a", Nothing.class)) {
            election(leader).waitForLeadership(LIMIT);
            try (ConfigurableApplicationContext standby = instance(folder, "b", Nothing.class)) {
                assertThat(election(standby).isLeader()).isFalse();
                leader.close();
                election(standby).waitForLeadership(LIMIT);
            }
        }
    }

    /** Fails when this instance leads already. */
    @Configuration(proxyBeanMethods = false)
    static class FailsToStart implements SmartLifecycle {
        @Autowired
        ClusterLeaderService clusterLeaderService;

        @Override
        public void start() {
            try {
                clusterLeaderService.election().waitForLeadership(LIMIT);
            } catch (InterruptedException ended) {
                throw new IllegalStateException(ended);
            }
            throw new IllegalStateException("no port is free");
        }

        @Override
        public void stop() {}

        @Override
        public boolean isRunning() {
            return false;
        }
    }

    @Test
    void anApplicationThatFailsToStartReleasesTheLease() throws Exception {
        assertThatException()
                .isThrownBy(() -> instance(folder, "a", FailsToStart.class))
                .havingRootCause()
                .withMessage("no port is free");
        try (ConfigurableApplicationContext next = instance(folder, "b", Nothing.class)) {
            election(next).waitForLeadership(LIMIT);
        }
    }

    @Test
    void aScheduledJobGuardedByHandEndsBeforeTheLeaseIsReleased() throws Exception {
        workEndsBeforeTheLeaseIsReleased(ByHand.class, bean(LongWork.class));
    }

    @Test
    void aLeaderOnlyJobEndsBeforeTheLeaseIsReleased() throws Exception {
        workEndsBeforeTheLeaseIsReleased(ByAnnotation.class, bean(GuardedByAnnotation.class));
    }

    @Configuration(proxyBeanMethods = false)
    static class ByAnnotationOnThreadsOfTheirOwn extends ByAnnotation {
        @Bean
        SimpleAsyncTaskScheduler taskScheduler() {
            return new SimpleAsyncTaskScheduler();
        }
    }

    /** Spring does not wait for such jobs; the Lease does. */
    @Test
    void aLeaderOnlyJobOnAThreadOfItsOwnEndsBeforeTheLeaseIsReleased() throws Exception {
        workEndsBeforeTheLeaseIsReleased(ByAnnotationOnThreadsOfTheirOwn.class, bean(GuardedByAnnotation.class));
    }

    /** That is what a scheduler with virtual threads is. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    void aLeaderOnlyJobOnAVirtualThreadEndsBeforeTheLeaseIsReleased() throws Exception {
        workEndsBeforeTheLeaseIsReleased(
                ByAnnotation.class, bean(GuardedByAnnotation.class), "spring.threads.virtual.enabled=true");
    }

    @Test
    void aWebRequestEndsBeforeTheLeaseIsReleased() throws Exception {
        workEndsBeforeTheLeaseIsReleased(
                InARequest.class,
                context -> {
                    ask("http://localhost:" + context.getEnvironment().getProperty("local.server.port") + "/job");
                    return context.getBean(GuardedRequest.class);
                },
                "spring.main.web-application-type=servlet",
                "server.port=0",
                "server.shutdown=graceful");
    }

    static class GuardedFuture extends LongWork {
        @LeaderOnly
        @Scheduled(fixedDelay = 10)
        CompletableFuture<Void> job() {
            return begun.getCount() > 0 ? CompletableFuture.runAsync(this::work) : null;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableScheduling
    static class InAFuture {
        @Bean
        GuardedFuture work() {
            return new GuardedFuture();
        }
    }

    @Test
    void whatAFutureStandsForEndsBeforeTheLeaseIsReleased() throws Exception {
        workEndsBeforeTheLeaseIsReleased(InAFuture.class, bean(GuardedFuture.class));
    }

    static class Interruptible extends GuardedByAnnotation {
        final CountDownLatch interrupted = new CountDownLatch(1);

        @Override
        void work() {
            begun.countDown();
            try {
                end.await();
            } catch (InterruptedException toldToEnd) {
                interrupted.countDown();
            }
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableScheduling
    static class ByAnnotationAndInterruptible {
        @Bean
        Interruptible work() {
            return new Interruptible();
        }
    }

    /** Well before the drain limit of the instances here. */
    @Test
    void workThatOutlastsSpringsOwnTimeForItIsInterruptedAndThenTheLeaseIsReleased() throws Exception {
        ConfigurableApplicationContext leader = instance(
                folder,
                "a",
                ByAnnotationAndInterruptible.class,
                "spring.threads.virtual.enabled=true",
                "spring.lifecycle.timeout-per-shutdown-phase=1s");
        Interruptible work = AopTestUtils.getTargetObject(leader.getBean(Interruptible.class));
        assertThat(work.begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        try (ConfigurableApplicationContext standby = instance(folder, "b", Nothing.class)) {
            CompletableFuture<Void> closed = CompletableFuture.runAsync(leader::close);
            assertThat(work.interrupted.await(LIMIT.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            election(standby).waitForLeadership(LIMIT);
            closed.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void guardedWorkMayCloseTheContextAndIsNotInterruptedByThat() throws Exception {
        ConfigurableApplicationContext leader = instance(folder, "a", Nothing.class);
        election(leader).waitForLeadership(LIMIT);
        boolean[] interrupted = {true};
        leader.getBean(ClusterLeaderService.class).runIfLeader(() -> {
            leader.close();
            interrupted[0] = Thread.currentThread().isInterrupted();
        });
        assertThat(interrupted[0]).isFalse();
        // The Lease is released after the work, which outlasted the context: until then its folder is in use.
        try (ConfigurableApplicationContext standby = instance(folder, "b", Nothing.class)) {
            election(standby).waitForLeadership(LIMIT);
        }
    }

    private interface Begin {
        LongWork in(ConfigurableApplicationContext context);
    }

    private static Begin bean(Class<? extends LongWork> type) {
        return context -> AopTestUtils.getTargetObject(context.getBean(type));
    }

    private void workEndsBeforeTheLeaseIsReleased(Class<?> beans, Begin begin, String... properties) throws Exception {
        ConfigurableApplicationContext leader = instance(folder, "a", beans, properties);
        election(leader).waitForLeadership(LIMIT);
        LongWork work = begin.in(leader);
        assertThat(work.begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        try (ConfigurableApplicationContext standby = instance(folder, "b", Nothing.class)) {
            CompletableFuture<Void> closed = CompletableFuture.runAsync(leader::close);
            try {
                awaitRole(leader, Role.DRAINING);
                assertThat(election(leader).isLeader()).isFalse();
                assertThatExceptionOfType(TimedOutException.class)
                        .isThrownBy(() -> election(standby).waitForLeadership(A_WHILE));
            } finally {
                work.end.countDown();
            }
            election(standby).waitForLeadership(LIMIT);
            closed.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertThat(work.thread).isNotNull();
        }
    }

    private static void ask(String address) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address)).build();
        HttpClient.newHttpClient().sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    private static void awaitRole(ConfigurableApplicationContext context, Role role) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (election(context).status().role() != role) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }
}
