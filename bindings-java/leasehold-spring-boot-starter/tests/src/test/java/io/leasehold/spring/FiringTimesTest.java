package io.leasehold.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.scheduling.support.CronExpression;

class FiringTimesTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private static FiringTimes times(ZoneId zone, String... expressions) {
        return new FiringTimes(Arrays.stream(expressions)
                .map(it -> new FiringTimes.Cron(CronExpression.parse(it), zone, ""))
                .toList());
    }

    private static FiringTimes times(String... expressions) {
        return times(ZoneId.of("UTC"), expressions);
    }

    private static Instant at(String time) {
        return Instant.parse(time);
    }

    private static Optional<Instant> latest(FiringTimes times, String now) {
        return times.latestAt(at(now));
    }

    @Test
    void theLatestFiringIsTheLastThatIsDueByNow() {
        FiringTimes daily = times("0 0 3 * * *");
        assertThat(latest(daily, "2026-03-10T03:00:00Z")).hasValue(at("2026-03-10T03:00:00Z"));
        assertThat(latest(daily, "2026-03-10T02:59:59.999Z")).hasValue(at("2026-03-09T03:00:00Z"));
        assertThat(latest(daily, "2026-03-11T02:59:59Z")).hasValue(at("2026-03-10T03:00:00Z"));
        assertThat(latest(times("* * * * * *"), "2026-03-10T12:34:56.789Z")).hasValue(at("2026-03-10T12:34:56Z"));
        assertThat(latest(times("* * 3 * * *"), "2026-03-10T12:00:00Z")).hasValue(at("2026-03-10T03:59:59Z"));
        assertThat(latest(times("@yearly"), "2026-12-31T23:59:59Z")).hasValue(at("2026-01-01T00:00:00Z"));
    }

    @Test
    void itMayBeDecadesAgoOrNeverHaveBeen() {
        assertThat(latest(times("0 0 0 29 2 MON"), "2026-03-10T00:00:00Z")).hasValue(at("2016-02-29T00:00:00Z"));
        assertThat(latest(times("0 0 0 29 2 MON"), "2044-02-28T23:59:59Z")).hasValue(at("2016-02-29T00:00:00Z"));
        assertThat(latest(times("0 0 0 31 2 *"), "2026-03-10T00:00:00Z")).isEmpty();
        assertThat(times().meantAt(at("2026-03-10T00:00:00Z"))).isEmpty();
    }

    @Test
    void theSchedulerIsThatOfTheLatestFiring() {
        ZoneId utc = ZoneId.of("UTC");
        FiringTimes times = new FiringTimes(List.of(
                new FiringTimes.Cron(CronExpression.parse("0 0 3 * * *"), utc, "small"),
                new FiringTimes.Cron(CronExpression.parse("0 0 15 * * *"), utc, "")));
        assertThat(times.schedulerAt(at("2026-03-10T14:00:00Z"))).hasValue("small");
        assertThat(times.schedulerAt(at("2026-03-10T15:00:00Z"))).isEmpty();
        assertThat(times().schedulerAt(at("2026-03-10T15:00:00Z"))).isEmpty();
    }

    @Test
    void severalExpressionsAreOneSchedule() {
        FiringTimes times = times("0 0 3 * * *", "0 0 15 * * *");
        assertThat(latest(times, "2026-03-10T14:00:00Z")).hasValue(at("2026-03-10T03:00:00Z"));
        assertThat(latest(times, "2026-03-10T15:00:00Z")).hasValue(at("2026-03-10T15:00:00Z"));
        assertThat(times.meantAt(at("2026-03-10T14:59:59.5Z"))).hasValue(at("2026-03-10T15:00:00Z"));
    }

    @Test
    void aTimerThatIsALittleEarlyMeansTheFiringThatComes() {
        FiringTimes daily = times("0 0 3 * * *");
        assertThat(daily.meantAt(at("2026-03-10T02:59:55Z")))
                .as("the clock was set back by 5 s")
                .hasValue(at("2026-03-10T03:00:00Z"));
        assertThat(daily.meantAt(at("2026-03-10T02:59:00Z"))).hasValue(at("2026-03-10T03:00:00Z"));
        assertThat(daily.meantAt(at("2026-03-10T02:58:59.999Z"))).hasValue(at("2026-03-09T03:00:00Z"));
        assertThat(daily.meantAt(at("2026-03-10T03:20:00Z"))).hasValue(at("2026-03-10T03:00:00Z"));
        FiringTimes eachMinute = times("0 * * * * *");
        assertThat(eachMinute.meantAt(at("2026-03-10T02:59:54Z"))).hasValue(at("2026-03-10T03:00:00Z"));
        assertThat(eachMinute.meantAt(at("2026-03-10T02:59:53.999Z"))).hasValue(at("2026-03-10T02:59:00Z"));
        FiringTimes eachSecond = times("* * * * * *");
        assertThat(eachSecond.meantAt(at("2026-03-10T02:59:59.900Z"))).hasValue(at("2026-03-10T03:00:00Z"));
        assertThat(eachSecond.meantAt(at("2026-03-10T02:59:59.899Z"))).hasValue(at("2026-03-10T02:59:59Z"));
    }

    /** Also where the clock is put forward or back: an hour that is not there, and one that is there twice. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0 30 2 * * *     | 2026-03-27T00:00 | Europe/Berlin
            0 30 2 * * *     | 2026-10-23T00:00 | Europe/Berlin
            0 0 * * * *      | 2026-03-28T00:00 | Europe/Berlin
            0 */20 1-3 * * * | 2026-10-24T00:00 | Europe/Berlin
            0 30 1 * * SUN   | 2026-03-01T00:00 | America/New_York
            0 30 1 * * SUN   | 2026-10-25T00:00 | America/New_York
            0 0 0 * * *      | 2026-09-03T00:00 | America/Santiago
            0 15 2 * * *     | 2026-10-02T00:00 | Australia/Lord_Howe
            """)
    void eachFiringOfAScheduleIsTheLatestUntilTheNext(String expression, String from, String zone) {
        CronExpression cron = CronExpression.parse(expression);
        FiringTimes times = times(ZoneId.of(zone), expression);
        ZonedDateTime firing = cron.next(ZonedDateTime.of(LocalDateTime.parse(from), ZoneId.of(zone)));
        for (int count = 0; count < 60; count++) {
            ZonedDateTime next = cron.next(firing);
            Duration apart = Duration.between(firing, next);
            for (Instant now : new Instant[] {
                firing.toInstant(),
                firing.toInstant().plusMillis(1),
                firing.toInstant().plus(apart.dividedBy(2)),
                next.toInstant().minusNanos(1)
            }) {
                assertThat(times.latestAt(now)).as("at %s", now).hasValue(firing.toInstant());
            }
            firing = next;
        }
    }

    @Test
    void aZoneIsThatOfTheExpression() {
        assertThat(latest(times(BERLIN, "0 0 3 * * *"), "2026-07-01T12:00:00Z")).hasValue(at("2026-07-01T01:00:00Z"));
        assertThat(latest(times(BERLIN, "0 0 3 * * *"), "2026-12-01T12:00:00Z")).hasValue(at("2026-12-01T02:00:00Z"));
    }
}
