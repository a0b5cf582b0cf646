package io.leasehold.processes;

import io.leasehold.Locks;
import io.leasehold.shedlock.JobLock;
import io.leasehold.shedlock.LeaseholdLockProvider;
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
        Ledger ledger = Ledger.at(arguments[1]);
        String job = arguments[2];
        Locks locks = Locks.builder().observe(job).build();
        LockingTaskExecutor executor = new DefaultLockingTaskExecutor(new LeaseholdLockProvider(locks));
        while (true) {
            LockConfiguration run = new LockConfiguration(Instant.now(), job, Duration.ofHours(1), Duration.ZERO);
            try {
                executor.executeWithLock((LockingTaskExecutor.Task) () -> doSome(name, ledger), run);
            } catch (RuntimeException cutOff) {
                cutOff.printStackTrace();
            }
            Thread.sleep(20);
        }
    }

    private static void doSome(String name, Ledger ledger) throws Exception {
        for (int times = 0; times < 5; times++) {
            ledger.doOneMore(Work.UNDER_A_LOCK, name, () -> {
                JobLock.check();
                return JobLock.current().orElseThrow().fencingToken();
            });
        }
    }
}
