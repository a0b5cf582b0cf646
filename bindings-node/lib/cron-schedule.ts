/** What of the schedule is needed, as the package `cron` has it. */
export interface CronTime {
  /** Whether it is one moment, which `source` is. */
  readonly realDate: boolean;
  readonly source: unknown;
  readonly timeZone?: string | undefined;
  /** In minutes. */
  readonly utcOffset?: number | undefined;
  /** The first firing after the second that is given. */
  getNextDateFrom(start: Date, timeZone?: string): Moment;
}

interface Moment {
  toMillis(): number;
}

/** By how much a timer may fire before the time of the schedule: less than the second between two firings. */
const EARLY_MS = 100;
/** Within what a schedule that has a firing at all has one. */
const LONGEST_MS = 8 * 366 * 86_400_000;

/**
 * For when the schedule has the firing that runs now: the latest, no matter how late this is. The same on
 * each host, as the time of the call would not be.
 */
export function dueNow(schedule: CronTime): Date {
  const due = latest(schedule, Date.now() + EARLY_MS, LONGEST_MS);
  if (!due) throw new Error('the schedule has no firing up to now');
  return due;
}

/** For when the schedule has its latest firing, if that was at most so long ago. */
export function dueWithin(schedule: CronTime, withinMs: number): Date | undefined {
  const due = latest(schedule, Date.now(), Math.min(withinMs, LONGEST_MS));
  return due && firstOf(due, schedule);
}

/**
 * When clocks are set back, what looks ahead from within the hour that is repeated sees a daily firing for
 * the second time. It had run in the first.
 */
function firstOf(due: Date, { timeZone, utcOffset }: CronTime): Date {
  if (utcOffset !== undefined) return due;
  const clock = new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const earlier = SET_BACK_MS.map((ms) => new Date(due.getTime() - ms));
  return earlier.find((first) => clock.format(first) === clock.format(due)) ?? due;
}

const SET_BACK_MS = [3_600_000, 1_800_000];

/**
 * The latest firing up to `limit`, but not longer before it than that. A schedule only looks ahead, so this
 * looks for from when on it sees none any more: twice as far back each time, and then halfway between.
 */
function latest(schedule: CronTime, limit: number, longest: number): Date | undefined {
  if (schedule.realDate) {
    const due = (schedule.source as Moment).toMillis();
    return due <= limit && due >= limit - longest ? new Date(due) : undefined;
  }
  const zone = zoneOf(schedule);
  const next = (from: number) => schedule.getNextDateFrom(new Date(from), zone).toMillis();
  let back = SECOND_MS;
  while (next(limit - back) > limit) {
    if (back >= longest) return undefined;
    back *= 2;
  }
  // Before the first a firing is seen, after the second none.
  let [before, after] = [limit - back, limit - back / 2];
  if (back === SECOND_MS) after = limit;
  while (after - before > SECOND_MS) {
    const between = Math.round((before + after) / 2);
    if (next(between) > limit) after = between;
    else before = between;
  }
  const due = next(before);
  return due >= limit - longest ? new Date(due) : undefined;
}

/** Firings are at whole seconds. */
const SECOND_MS = 1_000;

function zoneOf({ timeZone, utcOffset }: CronTime): string | undefined {
  if (utcOffset === undefined) return timeZone;
  const [hours, minutes] = [Math.trunc(Math.abs(utcOffset) / 60), Math.abs(utcOffset) % 60];
  const padded = (number: number) => String(number).padStart(2, '0');
  return `UTC${utcOffset < 0 ? '-' : '+'}${padded(hours)}:${padded(minutes)}`;
}
