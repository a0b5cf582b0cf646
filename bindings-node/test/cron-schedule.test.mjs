// For when a schedule has the firing that runs now, by the real schedules of `@nestjs/schedule`.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

const { dueNow, dueWithin } = createRequire(import.meta.url)('../dist/cron-schedule.js');
const { CronTime } = createRequire(import.meta.resolve('@nestjs/schedule'))('cron');

const DAY_MS = 86_400_000;

/** What `ask` answers at that time. */
function at(t, time, ask) {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse(time) });
  try {
    return ask()?.toISOString();
  } finally {
    t.mock.timers.reset();
  }
}

test('it is the same on each host, no matter how late a timer fires, or if a little early', (t) => {
  const each = new CronTime('*/10 * * * * *', 'UTC');
  for (const now of ['29.900', '30.000', '30.001', '34.567', '39.899'])
    assert.equal(at(t, `2026-11-26T03:00:${now}Z`, () => dueNow(each)), '2026-11-26T03:00:30.000Z', now);
  const daily = new CronTime('0 3 * * *', 'Europe/Berlin');
  for (const now of ['26T02:00:00.000', '26T02:07:00.000', '27T01:59:59.000'])
    assert.equal(at(t, `2026-11-${now}Z`, () => dueNow(daily)), '2026-11-26T02:00:00.000Z', now);
});

test('it is the latest, as the schedule itself goes on to it', (t) => {
  const limit = '2026-11-26T19:04:05.678Z';
  const schedules = [
    ['* * * * * *', 60_000],
    ['13 */5 * * * *', DAY_MS],
    ['*/30 * 9 * * *', DAY_MS / 4],
    ['0 22 * * 1-5', 7 * DAY_MS],
    ['*/2 30 2 * * 0', 14 * DAY_MS],
    ['0 0 1 1 *', 366 * DAY_MS],
  ];
  for (const [expression, back] of schedules) {
    const schedule = new CronTime(expression, 'America/New_York');
    const expected = at(t, limit, () => {
      let last;
      let next = new Date(Date.parse(limit) - back);
      for (; next <= Date.parse(limit); next = schedule.getNextDateFrom(next, 'America/New_York').toJSDate())
        last = next;
      return last;
    });
    assert.equal(at(t, limit, () => dueNow(schedule)), expected, expression);
  }
  const leap = new CronTime('0 0 29 2 *', 'UTC');
  assert.equal(at(t, limit, () => dueNow(leap)), '2024-02-29T00:00:00.000Z');
});

test('a schedule may be by an offset, or be one moment', (t) => {
  const byOffset = new CronTime('0 3 * * *', null, -210);
  assert.equal(at(t, '2026-11-26T06:30:01.000Z', () => dueNow(byOffset)), '2026-11-26T06:30:00.000Z');
  const moment = at(t, '2026-11-26T06:00:00.000Z', () => new Date('2026-11-26T06:30:00.250Z'));
  const once = new CronTime(new Date(moment));
  assert.equal(at(t, '2026-11-26T06:30:00.251Z', () => dueNow(once)), moment);
});

test('what was missed is sought as far back as it may be', (t) => {
  const daily = new CronTime('0 3 * * *', 'UTC');
  const now = '2026-11-26T04:00:00.000Z';
  assert.equal(at(t, now, () => dueWithin(daily, 3_600_000)), '2026-11-26T03:00:00.000Z');
  assert.equal(at(t, now, () => dueWithin(daily, 3_599_999)), undefined);
  assert.equal(at(t, now, () => dueWithin(daily, Number.MAX_SAFE_INTEGER)), '2026-11-26T03:00:00.000Z');
  assert.equal(at(t, now, () => dueWithin(daily, 0)), undefined);
});

test('a daily firing in the hour that is repeated is one, when clocks are set back', (t) => {
  const daily = new CronTime('30 2 * * *', 'Europe/Berlin');
  for (const now of ['00:45', '01:15', '01:30', '01:45', '03:00']) {
    const late = `2026-10-25T${now}:00.000Z`;
    assert.equal(at(t, late, () => dueWithin(daily, DAY_MS)), '2026-10-25T00:30:00.000Z', now);
    // Of a replica that was started within that hour, which has a timer for the second.
    assert.equal(at(t, late, () => dueNow(daily)), '2026-10-25T00:30:00.000Z', now);
  }
});

test('and what fires within the hour does so in both', (t) => {
  for (const expression of ['*/20 * * * *', '* * * * * *'])
    for (const [zone, from] of [
      ['Europe/Berlin', '2026-10-24T23:50:00.000Z'],
      // By half an hour.
      ['Australia/Lord_Howe', '2026-04-04T14:20:00.000Z'],
    ]) {
      const schedule = new CronTime(expression, zone);
      for (let due = schedule.getNextDateFrom(new Date(from), zone), n = 0; n < 8; n += 1) {
        const moment = due.toJSDate().toISOString();
        assert.equal(at(t, moment, () => dueNow(schedule)), moment, zone);
        assert.equal(at(t, moment, () => dueWithin(schedule, DAY_MS)), moment, zone);
        due = schedule.getNextDateFrom(new Date(due.toMillis() + (n % 2) * 1_200_000), zone);
      }
    }
});
