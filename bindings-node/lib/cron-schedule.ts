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
/** How much further back each look is from: few looks, and not many firings that are seen then. */
const FURTHER = 8;
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
  return latest(schedule, Date.now(), Math.min(withinMs, LONGEST_MS));
}

/** The latest firing up to `limit`, but not longer before it than that. */
function latest(schedule: CronTime, limit: number, longest: number): Date | undefined {
  const due = schedule.realDate
    ? (schedule.source as Moment).toMillis()
    : latestOnce(schedule, limit, latestAhead(schedule, limit, longest));
  return due !== undefined && due <= limit && due >= limit - longest ? new Date(due) : undefined;
}

/** The first firing after a moment. */
function next(schedule: CronTime, after: number): number {
  return schedule.getNextDateFrom(new Date(after), zoneOf(schedule)).toMillis();
}

/**
 * A schedule only looks ahead, and each look takes time. So this looks from further back each time until it sees
 * a firing up to `limit`, and then goes on from there to the last: halfway to where it saw none any more.
 */
function latestAhead(schedule: CronTime, limit: number, longest: number): number | undefined {
  let [back, after] = [SECOND_MS, limit];
  let due = next(schedule, limit - back);
  while (due > limit) {
    if (back > longest) return undefined;
    after = limit - back;
    back = Math.min(FURTHER * back, longest + SECOND_MS);
    due = next(schedule, limit - back);
  }
  for (let following = next(schedule, due); following <= limit; following = next(schedule, due)) {
    due = following;
    const between = Math.round((due + after) / 2);
    const seen = after - due > SECOND_MS ? next(schedule, between) : due;
    if (seen > limit) after = between;
    else due = seen;
  }
  return due;
}

/**
 * When clocks are set back, what looks ahead from within the hour that is repeated sees a daily firing for
 * the second time. Who has gone on from one firing to the next since before does not.
 */
function latestOnce(schedule: CronTime, limit: number, due: number | undefined): number | undefined {
  const setBack = due && setBackBefore(due, schedule);
  if (!setBack) return due;
  const before = latestAhead(schedule, setBack - 1, LONGEST_MS);
  return before !== undefined && next(schedule, before) > limit ? before : due;
}

/** When clocks were set back so that `due` is the second moment with its time of day, if it is. */
function setBackBefore(due: number, { timeZone, utcOffset }: CronTime): number | undefined {
  if (utcOffset !== undefined) return undefined;
  const clock = new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  const first = SET_BACK_MS.map((ms) => due - ms).find((it) => clock.format(it) === clock.format(due));
  if (first === undefined) return undefined;
  const zone = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offset = (at: number) => zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
  let [before, after] = [first, due];
  while (after - before > SECOND_MS) {
    const between = before + Math.floor((after - before) / 2 / SECOND_MS) * SECOND_MS;
    if (offset(between) === offset(due)) after = between;
    else before = between;
  }
  return after;
}

const SET_BACK_MS = [3_600_000, 1_800_000];

/** Firings are at whole seconds. */
const SECOND_MS = 1_000;

function zoneOf({ timeZone, utcOffset }: CronTime): string | undefined {
  if (utcOffset === undefined) return timeZone;
  const [hours, minutes] = [Math.trunc(Math.abs(utcOffset) / 60), Math.abs(utcOffset) % 60];
  const padded = (number: number) => String(number).padStart(2, '0');
  return `UTC${utcOffset < 0 ? '-' : '+'}${padded(hours)}:${padded(minutes)}`;
}
