package io.leasehold.spring;

import java.lang.reflect.Method;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.annotation.Schedules;
import org.springframework.scheduling.support.CronExpression;
import org.springframework.util.StringUtils;

/** The times for which its cron expressions have a method fire, which are the same on each instance. */
record FiringTimes(List<Cron> crons) {
    /**
     * By how much a timer may be early, since it does not notice if the clock is set back meanwhile. No firing can be claimed
     * earlier.
     */
    private static final Duration MOST_EARLY = Duration.ofSeconds(60);

    /** And at most by such a part of the time between two firings. */
    private static final int PART = 10;

    /** Those of a method's {@code @Scheduled}. */
    static FiringTimes of(Method method, UnaryOperator<String> placeholders) {
        Set<Scheduled> schedules =
                AnnotatedElementUtils.getMergedRepeatableAnnotations(method, Scheduled.class, Schedules.class);
        if (schedules.isEmpty()) {
            throw LeaderOnlyMethod.fault(
                    method,
                    "its firings cannot be claimed, since without @Scheduled nothing says for when they are due",
                    "put @Scheduled(cron = …) on it, or leave out `claim` and call LeaderElection.claim with the time");
        }
        List<Cron> crons = new ArrayList<>();
        for (Scheduled schedule : schedules) {
            String cron = placeholders.apply(schedule.cron());
            if (!StringUtils.hasText(cron)) {
                throw LeaderOnlyMethod.fault(
                        method,
                        "its firings cannot be claimed, since fixedRate, fixedDelay and initialDelay count from the start of "
                                + "this instance, so that no other knows for when they are due",
                        "use @Scheduled(cron = …), or leave out `claim`");
            }
            if (!cron.equals(Scheduled.CRON_DISABLED)) {
                crons.add(Cron.of(method, cron, placeholders.apply(schedule.zone()), schedule.scheduler()));
            }
        }
        return new FiringTimes(List.copyOf(crons));
    }

    /** The firing that is meant by a timer that goes off now; it may have gone off a little early, or late. */
    Optional<Instant> meantAt(Instant now) {
        Optional<Instant> latest = latestAt(now);
        Optional<Instant> next = next(now).filter(it -> !now.isBefore(it.minus(mostEarly(latest, it))));
        return next.isPresent() ? next : latest;
    }

    private static Duration mostEarly(Optional<Instant> latest, Instant next) {
        return latest.map(it -> Duration.between(it, next).dividedBy(PART))
                .filter(part -> part.compareTo(MOST_EARLY) < 0)
                .orElse(MOST_EARLY);
    }

    /** The latest firing that is due by now. */
    Optional<Instant> latestAt(Instant now) {
        return times(cron -> cron.latestAt(now)).max(Comparator.naturalOrder());
    }

    /** On which scheduler that runs, if its annotation says so. */
    Optional<String> schedulerAt(Instant now) {
        return crons.stream()
                .filter(cron -> cron.latestAt(now).isPresent())
                .max(Comparator.comparing(cron -> cron.latestAt(now).orElseThrow()))
                .map(Cron::scheduler)
                .filter(StringUtils::hasText);
    }

    private Optional<Instant> next(Instant after) {
        return times(cron -> cron.next(after)).min(Comparator.naturalOrder());
    }

    private Stream<Instant> times(Function<Cron, Optional<Instant>> time) {
        return crons.stream().map(time).flatMap(Optional::stream);
    }

    /** One expression, in its zone, and the scheduler that its annotation names. */
    record Cron(CronExpression expression, ZoneId zone, String scheduler) {
        /** The 29th of February is a certain day of the week once in so many years. */
        private static final long MOST_SECONDS = Duration.ofDays(41 * 366).toSeconds();

        static Cron of(Method method, String expression, String zone, String scheduler) {
            try {
                // As Spring reads them.
                ZoneId given = StringUtils.hasText(zone)
                        ? StringUtils.parseTimeZoneString(zone).toZoneId()
                        : ZoneId.systemDefault();
                return new Cron(CronExpression.parse(expression), given, scheduler);
            } catch (IllegalArgumentException wrong) {
                throw LeaderOnlyMethod.fault(
                        method, "its @Scheduled cannot be read: " + wrong.getMessage(), "correct its cron or zone");
            }
        }

        Optional<Instant> next(Instant after) {
            return Optional.ofNullable(expression.next(after.atZone(zone))).map(ZonedDateTime::toInstant);
        }

        /** Expressions say only what comes next. What is next is in the past before the latest firing, and never after it. */
        Optional<Instant> latestAt(Instant now) {
            long after = now.getEpochSecond();
            long before = after;
            for (long back = Duration.ofDays(1).toSeconds(); isNextAfter(before, now); back *= 2) {
                if (back > 2 * MOST_SECONDS) {
                    return Optional.empty();
                }
                after = before;
                before = now.getEpochSecond() - back;
            }
            while (after - before > 1) {
                long middle = before + (after - before) / 2;
                if (isNextAfter(middle, now)) {
                    after = middle;
                } else {
                    before = middle;
                }
            }
            return next(Instant.ofEpochSecond(before));
        }

        private boolean isNextAfter(long second, Instant now) {
            return next(Instant.ofEpochSecond(second))
                    .map(next -> next.isAfter(now))
                    .orElse(true);
        }
    }
}
