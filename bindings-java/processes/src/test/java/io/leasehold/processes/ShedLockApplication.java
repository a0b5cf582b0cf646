package io.leasehold.processes;

import io.leasehold.Locks;
import io.leasehold.shedlock.JobLock;
import io.leasehold.shedlock.LeaseholdLockProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockingTaskExecutor;

/** Fires a job again and again, of which several processes do one run at a time. */
final class ShedLockApplication {
    private ShedLockApplication() {}

    /** Its name, the ledger, and the name of the job. */
    public static void main(String[] arguments) throws Throwable {
        String name = arguments[0];
        Path ledger = Path.of(arguments[1]);
        String job = arguments[2];
        Locks locks = Locks.builder().observe(job).build();
        LockingTaskExecutor executor = new DefaultLockingTaskExecutor(new LeaseholdLockProvider(locks));
        while (true) {
            LockConfiguration run = new LockConfiguration(Instant.now(), job, Duration.ofHours(1), Duration.ZERO);
            executor.executeWithLock((LockingTaskExecutor.Task) () -> doOneMore(name, ledger), run);
            Thread.sleep(20);
        }
    }

    /** The same number twice, if another process does so meanwhile. */
    private static void doOneMore(String name, Path ledger) throws Exception {
        for (int times = 0; times < 5; times++) {
            int done = Files.exists(ledger) ? Files.readAllLines(ledger).size() : 0;
            Thread.sleep(20);
            JobLock.check();
            long token = JobLock.current().orElseThrow().fencingToken();
            String line = name + " " + (done + 1) + " " + token + "\n";
            Files.writeString(ledger, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }
}
