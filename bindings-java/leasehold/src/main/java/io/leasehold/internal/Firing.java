package io.leasehold.internal;

import io.leasehold.ConfigException;
import io.leasehold.ErrorKind;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A firing of a scheduled job, for elections that have no native half: they refuse what that refuses.
 *
 * @param job the name of the job
 * @param due when it is due, to the millisecond
 */
public record Firing(String job, Instant due) {
    private static final Pattern JOB = Pattern.compile("[!-~]{1,128}");

    /** As the core has it: a scheduler may be a little early. */
    private static final Duration MOST_AHEAD = Duration.ofSeconds(60);

    /**
     * Checks both, and cuts the time to the millisecond.
     *
     * @param job the name of the job
     * @param due when it is due
     * @throws ConfigException if no firing is called so, or none is due then
     */
    public Firing {
        checkJob(job);
        Instant now = Instant.now();
        if (due.isBefore(Instant.EPOCH) || due.isAfter(now.plus(MOST_AHEAD))) {
            throw ErrorKind.CONFIG.exception("due = " + due
                    + ": use the time for which the schedule has this firing, which has come; here it is " + now);
        }
        due = due.truncatedTo(ChronoUnit.MILLIS);
    }

    /**
     * Checks the name of a job.
     *
     * @param job the name
     * @throws ConfigException if no job is called so
     */
    public static void checkJob(String job) {
        if (!JOB.matcher(Objects.requireNonNull(job, "job")).matches()) {
            throw ErrorKind.CONFIG.exception("job = `" + job
                    + "`: use 1 to 128 visible ASCII characters without spaces, such as `billing.invoices`");
        }
    }

    /**
     * Whether it has come, at most so long ago.
     *
     * @param within how long
     * @return false if it is still to come, too
     */
    public boolean wasDueWithin(Duration within) {
        Duration age = Duration.between(due, Instant.now());
        return !age.isNegative() && age.compareTo(within) <= 0;
    }
}
