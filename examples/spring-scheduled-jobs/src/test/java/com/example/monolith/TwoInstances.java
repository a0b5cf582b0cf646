package com.example.monolith;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes of the packaged application and one database, which tells who did what. */
abstract class TwoInstances {
    /** Long enough that a busy machine does not end a leadership. */
    static final List<String> EXPIRING = List.of("--leasehold.lease-duration=10s", "--leasehold.renew-deadline=8s");
    /** Who leads after another does so because that one has released. */
    static final List<String> RELEASED =
            List.of("--leasehold.lease-duration=3600s", "--leasehold.renew-deadline=1800s");

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

    Monolith start(String name, List<String> lease) throws Exception {
        List<String> settings = new ArrayList<>(access(name));
        settings.addAll(lease);
        settings.addAll(List.of(
                books.setting(),
                "--leasehold.retry-period=1s",
                "--jobs.cleaning.delay=100ms",
                "--jobs.reporting.delay=100ms",
                "--jobs.billing.delay=100ms"));
        Monolith instance = Monolith.start(name, folder, settings);
        instances.add(instance);
        return instance;
    }

    /** Two instances, of which the first does the jobs. */
    List<Monolith> leaderAndStandby(List<String> lease) throws Exception {
        Monolith leader = start("first", lease);
        awaitAllJobsOf(leader);
        Monolith standby = start("second", lease);
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

    @Test
    void anInstanceThatIsTerminatedHandsOver() throws Exception {
        List<Monolith> instances = leaderAndStandby(RELEASED);
        instances.get(0).terminate();
        awaitAllJobsOf(instances.get(1));
        everythingWasDoneOnce();
    }
}
