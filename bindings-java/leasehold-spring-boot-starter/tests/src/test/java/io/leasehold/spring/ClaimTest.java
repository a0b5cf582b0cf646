package io.leasehold.spring;

import static io.leasehold.spring.Contexts.LIMIT;
import static io.leasehold.spring.Contexts.instance;
import static io.leasehold.spring.Contexts.next;
import static io.leasehold.spring.Contexts.runner;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.ConfigException;
import io.leasehold.LeaderElection;
import io.leasehold.LostReason;
import io.leasehold.Mode;
import io.leasehold.spring.LeaderOnly.OnStandby;
import io.leasehold.test.TestLeaderElection;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** Firings of cron expressions that are claimed. */
class ClaimTest {
    /** Once a year, so that none comes while a test runs, but at New Year. */
    private static final String YEARLY = "0 0 0 1 1 *";

    private static final Instant THIS_YEAR = ZonedDateTime.now(ZoneOffset.UTC)
            .withDayOfYear(1)
            .truncatedTo(ChronoUnit.DAYS)
            .toInstant();

    private static final Instant YEARS_AGO = Instant.parse("2020-01-01T00:00:00Z");

    static class Jobs {
        final BlockingQueue<String> ran = new LinkedBlockingQueue<>();

        @LeaderOnly(claim = "invoices", missedWithin = "${jobs.missed-within}")
        @Scheduled(cron = "${jobs.cron}", zone = "UTC")
        public void invoices() {
            LeaderAssert.assertLeader();
            ran.add("invoices");
        }

        @LeaderOnly(claim = "reports", missedWithin = "400d")
        @Scheduled(cron = YEARLY, zone = "UTC")
        public CompletableFuture<String> reports() {
            ran.add("reports");
            return CompletableFuture.completedFuture("report");
        }

        @LeaderOnly(claim = "off")
        @Scheduled(cron = Scheduled.CRON_DISABLED)
        public void off() {
            ran.add("off");
        }

        BlockingQueue<String> ran() {
            return ran;
        }
    }

    private static ApplicationContextRunner jobs(LeaderElection election) {
        return runner().withBean("decided", ClusterLeaderService.class, () -> ClusterLeaderService.of(election))
                .withPropertyValues("jobs.cron=" + YEARLY, "jobs.missed-within=PT9600H")
                .withBean(Jobs.class);
    }

    private static void begunYearsAgo(TestLeaderElection election, String... jobs) {
        election.lead();
        for (String job : jobs) {
            assertThat(election.claim(job, YEARS_AGO)).isTrue();
        }
        election.lose(LostReason.EXPIRED);
    }

    @Test
    void eachFiringRunsOnce() {
        TestLeaderElection election = TestLeaderElection.started();
        jobs(election).run(context -> {
            Jobs jobs = context.getBean(Jobs.class);
            jobs.invoices();
            assertThat(election.lastFiring("invoices")).as("on a standby").isEmpty();
            election.lead();
            jobs.invoices();
            jobs.invoices();
            assertThat(jobs.reports()).isCompletedWithValue("report");
            assertThat(jobs.reports()).isCompletedWithValue(null);
            assertThat(jobs.ran()).containsExactly("invoices", "reports");
            assertThat(election.lastFiring("invoices")).hasValue(THIS_YEAR);
            assertThatIllegalStateException()
                    .as("a schedule without firings")
                    .isThrownBy(jobs::off)
                    .withMessageContaining("off() does not run");
        });
    }

    @Test
    void whatWasMissedRunsWhenThisInstanceBeginsToLead() {
        TestLeaderElection election = TestLeaderElection.started();
        begunYearsAgo(election, "invoices");
        jobs(election).run(context -> {
            Jobs jobs = context.getBean(Jobs.class);
            election.lead();
            assertThat(next(jobs.ran())).isEqualTo("invoices");
            assertThat(election.lastFiring("invoices")).hasValue(THIS_YEAR);
            // The other has never been begun, so that it has missed nothing; until now.
            election.claim("reports", YEARS_AGO);
            election.lose(LostReason.EXPIRED);
            election.lead();
            assertThat(next(jobs.ran())).isEqualTo("reports");
            // A firing that was missed is claimed as such by one call: not by the next.
            assertThat(jobs.reports()).isCompletedWithValue(null);
            assertThat(jobs.ran()).isEmpty();
        });
    }

    @Test
    void whatWasMissedForTooLongIsLeftOut() {
        TestLeaderElection election = TestLeaderElection.started();
        begunYearsAgo(election, "invoices", "reports");
        CountingScheduler scheduler = new CountingScheduler();
        ApplicationContextRunner runner = jobs(election).withBean(TaskScheduler.class, () -> scheduler);
        runner.withPropertyValues("jobs.missed-within=1ns").run(context -> {
            Jobs jobs = context.getBean(Jobs.class);
            election.lead();
            // Both have asked by then, in some order.
            next(scheduler.done);
            next(scheduler.done);
            assertThat(jobs.ran()).containsExactly("reports");
            jobs.ran().clear();
            assertThat(election.lastFiring("invoices")).hasValue(YEARS_AGO);
            jobs.invoices();
            assertThat(jobs.ran()).as("a call that is not for what was missed").containsExactly("invoices");
        });
    }

    /** Refuses the first task, as one does that is shut down. */
    private static final class RefusingScheduler extends ThreadPoolTaskScheduler {
        private static final long serialVersionUID = 1L;

        private final AtomicBoolean refused = new AtomicBoolean();

        @Override
        public ScheduledFuture<?> schedule(Runnable task, Instant startTime) {
            if (refused.compareAndSet(false, true)) {
                throw new TaskRejectedException("on purpose");
            }
            return super.schedule(task, startTime);
        }
    }

    @Test
    void whatASchedulerRefusesKeepsNoOtherFromRunning() {
        TestLeaderElection election = TestLeaderElection.started();
        begunYearsAgo(election, "invoices", "reports");
        jobs(election).withBean(TaskScheduler.class, RefusingScheduler::new).run(context -> {
            election.lead();
            assertThat(next(context.getBean(Jobs.class).ran())).isIn("invoices", "reports");
        });
    }

    /** Tells of each task that it is done. */
    private static final class CountingScheduler extends ThreadPoolTaskScheduler {
        private static final long serialVersionUID = 1L;

        final transient BlockingQueue<Instant> done = new LinkedBlockingQueue<>();

        @Override
        public ScheduledFuture<?> schedule(Runnable task, Instant startTime) {
            return super.schedule(
                    () -> {
                        task.run();
                        done.add(startTime);
                    },
                    startTime);
        }
    }

    // ---- instances ---------------------------------------------------------------------------------------------

    static class Invoices {
        final BlockingQueue<Instant> missed = new LinkedBlockingQueue<>();
        final BlockingQueue<Instant> begunBefore = new LinkedBlockingQueue<>();
        final BlockingQueue<Instant> eachSecond = new LinkedBlockingQueue<>();
        private final ClusterLeaderService service;

        Invoices(ClusterLeaderService service) {
            this.service = service;
        }

        @LeaderOnly(claim = "missed", missedWithin = "400d")
        @Scheduled(cron = YEARLY, zone = "UTC")
        public void missed() {
            ran("missed", missed);
        }

        @LeaderOnly(claim = "begun-before", missedWithin = "400d")
        @Scheduled(cron = YEARLY, zone = "UTC")
        public void begunBefore() {
            ran("begun-before", begunBefore);
        }

        @LeaderOnly(claim = "each-second")
        @Scheduled(cron = "* * * * * *")
        public void eachSecond() {
            ran("each-second", eachSecond);
        }

        private void ran(String job, BlockingQueue<Instant> firings) {
            LeaderAssert.assertLeader();
            firings.add(service.election().lastFiring(job).orElseThrow());
        }

        BlockingQueue<Instant> ofMissed() {
            return missed;
        }

        BlockingQueue<Instant> ofBegunBefore() {
            return begunBefore;
        }

        BlockingQueue<Instant> ofEachSecond() {
            return eachSecond;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableScheduling
    static class Scheduling {
        @Bean
        Invoices invoices(ClusterLeaderService service) {
            return new Invoices(service);
        }
    }

    private static LeaderElection leader(Path folder) throws InterruptedException {
        LeaderElection election = LeaderElection.builder("monolith")
                .mode(Mode.FILE)
                .directory(folder)
                .leaseDuration(Duration.ofHours(1))
                .renewDeadline(Duration.ofMinutes(30))
                .start();
        election.waitForLeadership(LIMIT);
        return election;
    }

    @Test
    void aFiringOfOneInstanceIsNotThatOfTheNextAndWhatNobodyHasBegunIs(@TempDir Path folder) throws Exception {
        try (LeaderElection first = leader(folder)) {
            assertThat(first.claim("missed", YEARS_AGO)).isTrue();
            assertThat(first.claim("begun-before", THIS_YEAR)).isTrue();
        }
        try (ConfigurableApplicationContext second = instance(folder, "second", Scheduling.class)) {
            Invoices invoices = second.getBean(Invoices.class);
            assertThat(next(invoices.ofMissed())).isEqualTo(THIS_YEAR);
            invoices.missed();
            invoices.begunBefore();
            assertThat(invoices.ofMissed()).isEmpty();
            assertThat(invoices.ofBegunBefore()).isEmpty();
            // And the scheduler fires for one time after another.
            Instant firing = next(invoices.ofEachSecond());
            assertThat(next(invoices.ofEachSecond())).isAfter(firing);
        }
        try (LeaderElection third = leader(folder)) {
            assertThat(third.claim("missed", THIS_YEAR)).isFalse();
        }
    }

    // ---- what cannot be claimed ------------------------------------------------------------------------------------

    static class FixedRate {
        @LeaderOnly(claim = "job")
        @Scheduled(fixedRate = 1000)
        public void job() {}
    }

    static class FixedDelay {
        @LeaderOnly(claim = "job")
        @Scheduled(fixedDelay = 1000)
        @Scheduled(cron = YEARLY)
        public void job() {}
    }

    static class Once {
        @LeaderOnly(claim = "job")
        @Scheduled(initialDelay = 1000)
        public void job() {}
    }

    /** As it is read when the application starts. */
    private static void refused(Class<?> type, String... why) {
        TestLeaderElection election = TestLeaderElection.started();
        LeaderOnlyMethods methods = new LeaderOnlyMethods(() -> ClusterLeaderService.of(election), it -> it);
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> methods.check(type, "a bean"))
                .extracting(Throwable::getMessage, as(InstanceOfAssertFactories.STRING))
                .startsWith("@LeaderOnly on ")
                .contains(why);
    }

    @Test
    void whatCannotBeClaimedDoesNotStart() {
        runner().withBean(FixedRate.class)
                .run(context -> assertThat(context).getFailure().rootCause().isInstanceOf(ConfigException.class));
    }

    static class Import {
        final BlockingQueue<Import> ran = new LinkedBlockingQueue<>();

        @LeaderOnly(claim = "import", missedWithin = "400d")
        @Scheduled(cron = YEARLY, zone = "UTC")
        public void run() {
            ran.add(this);
        }

        BlockingQueue<Import> ran() {
            return ran;
        }
    }

    static class OnASchedulerOfItsOwn {
        final BlockingQueue<String> threads = new LinkedBlockingQueue<>();

        @LeaderOnly(claim = "import", missedWithin = "400d")
        @Scheduled(cron = YEARLY, zone = "UTC", scheduler = "${jobs.scheduler}")
        public void run() {
            threads.add(Thread.currentThread().getName());
        }

        BlockingQueue<String> threads() {
            return threads;
        }
    }

    @Test
    void whatWasMissedRunsOnTheSchedulerThatItsAnnotationNames() {
        TestLeaderElection election = TestLeaderElection.started();
        begunYearsAgo(election, "import");
        jobs(election)
                .withPropertyValues("jobs.scheduler=slow")
                .withBean("taskScheduler", ThreadPoolTaskScheduler.class, () -> scheduler("usual-"))
                .withBean("slow", ThreadPoolTaskScheduler.class, () -> scheduler("slow-"))
                .withBean(OnASchedulerOfItsOwn.class)
                .run(context -> {
                    election.lead();
                    assertThat(next(context.getBean(OnASchedulerOfItsOwn.class).threads()))
                            .startsWith("slow-");
                });
    }

    private static ThreadPoolTaskScheduler scheduler(String threads) {
        ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
        scheduler.setThreadNamePrefix(threads);
        return scheduler;
    }

    static class OfCustomers extends Import {}

    static class OfOrders extends Import {}

    /** As what instruments beans returns another in place of one. */
    static final class Replacing implements BeanPostProcessor {
        @Override
        public Object postProcessBeforeInitialization(Object bean, String beanName) {
            return bean instanceof OfCustomers ? new OfOrders() : bean;
        }
    }

    @Test
    void aBeanThatBecameOneOfAnotherClassKeepsItsJob() {
        TestLeaderElection election = TestLeaderElection.started();
        election.lead();
        runner().withBean("decided", ClusterLeaderService.class, () -> ClusterLeaderService.of(election))
                .withBean(Replacing.class)
                .withBean("import", Import.class, OfCustomers::new)
                .run(context -> {
                    Import job = context.getBean(Import.class);
                    assertThat(job).isInstanceOf(OfOrders.class);
                    job.run();
                    next(job.ran());
                    job.run();
                    assertThat(job.ran()).as("the same firing").isEmpty();
                });
    }

    private static void refusedBeans(Class<?> customers, Class<?> orders) {
        runner().withBean("customers", customers)
                .withBean("orders", orders)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .isInstanceOf(ConfigException.class)
                        .hasMessageContaining("Import.run(): the job `import` of the bean `orders` is also ")
                        .hasMessageContaining("Import.run() of the bean `customers`"));
    }

    @Test
    void twoBeansWithOneMethodDoNotStart() {
        refusedBeans(Import.class, Import.class);
        refusedBeans(OfCustomers.class, OfOrders.class);
    }

    @Test
    void ofAPrototypeTheLatestRunsWhatWasMissed() {
        TestLeaderElection election = TestLeaderElection.started();
        begunYearsAgo(election, "import");
        CountingScheduler scheduler = new CountingScheduler();
        runner().withBean("decided", ClusterLeaderService.class, () -> ClusterLeaderService.of(election))
                .withBean(TaskScheduler.class, () -> scheduler)
                .withBean("import", Import.class, Import::new, it -> it.setScope(BeanDefinition.SCOPE_PROTOTYPE))
                .run(context -> {
                    Import first = context.getBean(Import.class);
                    Import second = context.getBean(Import.class);
                    election.lead();
                    next(second.ran());
                    next(scheduler.done);
                    election.lose(LostReason.EXPIRED);
                    election.lead();
                    next(scheduler.done);
                    assertThat(scheduler.done).as("calls for each object").isEmpty();
                    assertThat(first.ran()).isEmpty();
                });
    }

    @ParameterizedTest
    @ValueSource(classes = {FixedRate.class, FixedDelay.class, Once.class})
    void whatCountsFromTheStartOfAnInstanceIsRefused(Class<?> type) {
        refused(type, ".job(): ", "fixedRate, fixedDelay and initialDelay count from the start", "cron = …");
    }

    static class Unscheduled {
        @LeaderOnly(claim = "job")
        public void job() {}
    }

    static class Throwing {
        @LeaderOnly(claim = "job", onStandby = OnStandby.THROW)
        @Scheduled(cron = YEARLY)
        public void job() {}
    }

    static class Unclaimed {
        @LeaderOnly(missedWithin = "1h")
        @Scheduled(cron = YEARLY)
        public void job() {}
    }

    static class ForHowLong {
        @LeaderOnly(claim = "job", missedWithin = "an hour")
        @Scheduled(cron = YEARLY)
        public void job() {}
    }

    static class Elsewhere {
        @Async
        @LeaderOnly(claim = "job", missedWithin = "1h")
        @Scheduled(cron = YEARLY)
        public void job() {}
    }

    static class WrongCron {
        @LeaderOnly(claim = "job")
        @Scheduled(cron = "each year")
        public void job() {}
    }

    static class WrongName {
        @LeaderOnly(claim = "a job")
        @Scheduled(cron = YEARLY)
        public void job() {}
    }

    static class OneNameForTwo {
        @LeaderOnly(claim = "job")
        @Scheduled(cron = YEARLY)
        public void job() {}

        @LeaderOnly(claim = "job")
        @Scheduled(cron = YEARLY)
        public void another() {}
    }

    @Test
    void whatCannotBeClaimedSaysWhyAtStartup() {
        refused(Unscheduled.class, "without @Scheduled nothing says for when they are due");
        refused(Throwing.class, "leave out onStandby = THROW");
        refused(Unclaimed.class, "name the job by `claim`");
        refused(ForHowLong.class, "missedWithin = `an hour` is not a duration");
        refused(Elsewhere.class, "leave out `missedWithin`, or @Async");
        refused(WrongCron.class, "its @Scheduled cannot be read: ");
        refused(WrongName.class, "its firings cannot be claimed: job = `a job`");
        refused(
                OneNameForTwo.class,
                "the job `job` of the bean `a bean` is also ",
                "give each method a job of its own");
    }
}
