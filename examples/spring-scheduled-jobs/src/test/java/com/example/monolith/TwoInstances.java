package com.example.monolith;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes of the packaged application and one database, which tells who did what. */
abstract class TwoInstances {
    /** Long enough that a busy machine does not end a leadership. */
    private static final Duration LEASE = Duration.ofSeconds(10);
    /** On a machine that is busy with other things. */
    private static final Duration SLACK = Duration.ofSeconds(30);
    private static final int SOME_MORE = 5;

    @TempDir
    Path folder;

    private final List<Monolith> instances = new ArrayList<>();
    Books books;

    /** How an instance takes part. */
    abstract List<String> access(String instance);

    @BeforeEach
    void openTheBooks() throws Exception {
        books = new Books(folder);
    }

    @AfterEach
    void endAll() throws Exception {
        for (Monolith instance : instances) {
            instance.close();
        }
        books.close();
    }

    Monolith start(String name) throws Exception {
        List<String> settings = new ArrayList<>(access(name));
        settings.addAll(List.of(
                books.setting(),
                "--leasehold.lease-duration=" + LEASE.toSeconds() + "s",
                "--leasehold.renew-deadline=8s",
                "--leasehold.retry-period=1s",
                "--jobs.cleaning.delay=100ms",
                "--jobs.reporting.delay=100ms",
                "--jobs.billing.delay=100ms"));
        Monolith instance = Monolith.start(name, folder, settings);
        instances.add(instance);
        return instance;
    }

    /** Two instances, of which the first does the jobs. */
    List<Monolith> leaderAndStandby() throws Exception {
        Monolith leader = start("first");
        awaitAllJobsOf(leader);
        Monolith standby = start("second");
        books.awaitOrdersOf(standby);
        return List.of(leader, standby);
    }

    void awaitAllJobsOf(Monolith instance) throws Exception {
        for (String job : List.of("cleaning", "reporting", "billing")) {
            books.await(instance, job, SOME_MORE);
        }
    }

    void everythingWasDoneOnce() {
        books.balance();
        for (String job : List.of("cleaning", "reporting", "billing")) {
            assertThat(books.turns(job)).as(job).containsExactly("first", "second");
        }
    }

    /** Jobs that nobody did for longer than the Lease of one who is gone. */
    void noneWasMissedForLongerThanTheLease() {
        for (String job : List.of("cleaning", "reporting", "billing")) {
            Duration pause = books.longestPause(job);
            System.out.printf("%s: nobody did %s for %d ms%n", getClass().getSimpleName(), job, pause.toMillis());
            assertThat(pause).as(job).isLessThan(LEASE.plus(SLACK));
        }
    }

    @Test
    void anInstanceThatIsTerminatedHandsOver() throws Exception {
        List<Monolith> instances = leaderAndStandby();
        instances.get(0).terminate();
        awaitAllJobsOf(instances.get(1));
        everythingWasDoneOnce();
        noneWasMissedForLongerThanTheLease();
    }

    @Test
    void anInstanceThatIsKilledIsSucceededWhenItsLeaseHasRunOut() throws Exception {
        List<Monolith> instances = leaderAndStandby();
        instances.get(0).kill();
        awaitAllJobsOf(instances.get(1));
        everythingWasDoneOnce();
        noneWasMissedForLongerThanTheLease();
    }
}
