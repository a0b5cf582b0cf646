package io.leasehold.spring;

import io.leasehold.LeaderElection;
import io.leasehold.spring.LeaderOnly.OnStandby;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Async;
import org.springframework.util.StringUtils;

/**
 * How each firing of a {@link LeaderOnly} method is claimed.
 *
 * @param job the name under which the Lease remembers them
 * @param times for when they are due
 * @param missedWithin how long ago one may have been missed; null if what is missed is left out
 */
record FiringClaims(String job, FiringTimes times, Duration missedWithin) {
    private static final Log LOG = LogFactory.getLog(LeaderOnly.class);

    /** Null if they are not claimed. */
    static FiringClaims of(Class<?> type, Method method, LeaderOnly annotation, UnaryOperator<String> placeholders) {
        String job = placeholders.apply(annotation.claim());
        String within = placeholders.apply(annotation.missedWithin());
        if (!StringUtils.hasText(job)) {
            if (StringUtils.hasText(within)) {
                throw LeaderOnlyMethod.fault(
                        method,
                        "what was missed is not known without a record of what was begun",
                        "name the job by `claim`, or leave out `missedWithin`");
            }
            return null;
        }
        if (annotation.onStandby() == OnStandby.THROW) {
            throw LeaderOnlyMethod.fault(
                    method, "a firing that another instance has begun is skipped", "leave out onStandby = THROW");
        }
        FiringTimes times = FiringTimes.of(method, placeholders);
        return new FiringClaims(job, times, StringUtils.hasText(within) ? missedWithin(type, method, within) : null);
    }

    private static Duration missedWithin(Class<?> type, Method method, String text) {
        if (AnnotatedElementUtils.hasAnnotation(method, Async.class)
                || AnnotatedElementUtils.hasAnnotation(type, Async.class)) {
            throw LeaderOnlyMethod.fault(
                    method,
                    "a firing that was missed is claimed on the thread that calls the method, and not on one of @Async",
                    "leave out `missedWithin`, or @Async: give the scheduler more threads, spring.task.scheduling.pool.size");
        }
        try {
            return DurationStyle.detectAndParse(text);
        } catch (IllegalArgumentException wrong) {
            throw LeaderOnlyMethod.fault(
                    method, "missedWithin = `" + text + "` is not a duration", "write it as 90s, 15m, 1h or PT1H");
        }
    }

    /** Whether a call is to run now: it has begun its firing, which nobody had. */
    boolean begin(String method, LeaderElection election, boolean asksForMissed) {
        try {
            Instant now = Instant.now();
            return asksForMissed ? beginMissed(method, election, now) : beginDue(method, election, now);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(method + " does not run: " + interrupted.getMessage(), interrupted);
        }
    }

    private boolean beginDue(String method, LeaderElection election, Instant now) throws InterruptedException {
        Instant due = times.meantAt(now)
                .orElseThrow(() -> new IllegalStateException(
                        method + " does not run: its @Scheduled has no firing that this call could be"));
        boolean begun = election.claim(job, due);
        if (!begun) {
            // No warning: so it is when leadership has changed since another instance began the firing.
            LOG.info("skipped " + method + ": its firing of " + due + " was begun already, or a later one");
        }
        return begun;
    }

    private boolean beginMissed(String method, LeaderElection election, Instant now) throws InterruptedException {
        Optional<Instant> due = times.latestAt(now);
        boolean begun = due.isPresent() && election.claimMissed(job, due.get(), missedWithin);
        if (begun) {
            LOG.info("running " + method + " for its firing of " + due.get() + ", which was missed");
        }
        return begun;
    }
}
