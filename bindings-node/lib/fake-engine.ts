import type {
  ClaimNews,
  Engine,
  EngineError,
  EngineEvent,
  EngineStatus,
  EngineTerm,
  EngineWork,
} from './engine.js';
import { wrong } from './checks.js';
import { drainAll } from './environment.js';
import { ClosedError, LeadershipLostError } from './error-classes.js';
import { clearTimeout, setTimeout } from './timers.js';
import type { LostReason } from './words.js';

/** An engine in the place of the core, which does what a test or its mode says. */
export class FakeEngine implements Engine {
  readonly #lease: string;
  readonly #identity: string;
  protected readonly drainMs: number;
  readonly #works = new Set<number>();
  #lastWork = 0;
  #events: EngineEvent[] = [];
  #isRunning = false;
  #isStopping = false;
  #drain: NodeJS.Timeout | undefined;
  #term: FakeTerm | null = null;
  #terms = 0;
  /** The keys of work that runs once, of calls that wait for it or are at it. */
  readonly #calls = new Map<number, { key: string; begun?: EngineWork }>();
  readonly #done = new Set<string>();
  #lastCall = 0;
  /** When the firing of each job was due that was begun last. */
  readonly #firings = new Map<string, number>();
  #holder: string | null = null;
  #failing: EngineError | null = null;

  constructor(lease: string, identity: string, drainMs = DRAIN_TIMEOUT_MS) {
    this.#lease = lease;
    this.#identity = identity;
    this.drainMs = drainMs;
  }

  // ---- for the test: told to listeners before these return --------------------------------------

  acquire(): void {
    if (!this.#isRunning) throw new ClosedError(NOT_RUNNING);
    if (this.#term) return;
    this.#term = new FakeTerm(this.nextToken());
    this.#failing = null;
    this.#events.push({ kind: 'acquired', term: this.#term });
    this.#callOn();
    this.follow(this.#identity);
  }

  lose(reason: LostReason): void {
    this.#lose(reason);
    drainAll();
  }

  follow(holder: string | null): void {
    this.#holder = holder;
    this.#events.push({ kind: 'leaderChanged', ...(holder !== null && { holder }) });
    drainAll();
  }

  fail(error: EngineError): void {
    this.#failing = error;
    this.#events.push({ kind: 'renewalFailing', error });
    drainAll();
  }

  #lose(reason: LostReason): void {
    const term = this.#term;
    if (!term) return;
    this.#term = null;
    term.end();
    this.#events.push({ kind: 'lost', term, reason, unfinished: this.#hold() });
  }

  #hold(): number {
    this.#lastWork += 1;
    this.#works.add(this.#lastWork);
    return this.#lastWork;
  }

  // ---- for the election: told later, as the core does -------------------------------------------

  answer(): () => boolean {
    return () => this.#term !== null;
  }

  protected nextToken(): number {
    this.#terms += 1;
    return this.#terms;
  }

  /** Whether it runs, and nobody has asked it to stop. */
  protected get mayLead(): boolean {
    return this.#isRunning && !this.#isStopping;
  }

  start(): void {
    this.#isRunning = true;
    this.#events.push({ kind: 'started' });
    drainSoon();
  }

  requestStop(drainMs = this.drainMs): boolean {
    if (!this.#isRunning) return false;
    this.#isStopping = true;
    this.#lose('stopped');
    this.#endCalls();
    clearTimeout(this.#drain);
    this.#drain = setTimeout(() => {
      this.#stop();
    }, drainMs);
    this.#stopIfIdle();
    return true;
  }

  beginWork(): EngineWork | null {
    return this.#term && { term: this.#term, unfinished: this.#hold() };
  }

  finish(unfinished: number): void {
    this.#works.delete(unfinished);
    this.#stopIfIdle();
    for (const once of this.#calls.values()) if (once.begun?.unfinished === unfinished) delete once.begun;
    this.#callOn();
  }

  timeLeftMs(unfinished: number): number {
    return this.#works.has(unfinished) ? REMAINING_MS : 0;
  }

  isIdle(): boolean {
    return this.#works.size === 0;
  }

  // ---- work that runs once: here, when this leads, and remembered here alone ---------------------

  /** Whether work that was done is not done again. */
  protected readonly remembers: boolean = true;

  beginOnce(key: string): number | null {
    if (!this.mayLead) return null;
    this.#lastCall += 1;
    this.#calls.set(this.#lastCall, { key });
    this.#callOn();
    return this.#lastCall;
  }

  onceEnded(unfinished: number, failure?: string): void {
    const found = [...this.#calls].find(([, it]) => it.begun?.unfinished === unfinished);
    if (found) {
      const [call, once] = found;
      // Otherwise nobody knows, so that it is done again.
      const isKnown = !this.remembers || once.begun?.term === this.#term;
      if (isKnown) {
        this.#calls.delete(call);
        if (failure === undefined) {
          if (this.remembers) this.#done.add(once.key);
          this.#events.push({ kind: 'once', call, here: true });
        } else {
          if (this.remembers) this.stepDown();
          this.#events.push({ kind: 'once', call });
        }
      }
    }
    this.finish(unfinished);
  }

  endOnce(call: number): void {
    this.#calls.delete(call);
  }

  /** Work that is not to be done here, ever. */
  protected decline(call: number): void {
    this.#calls.delete(call);
    this.#events.push({ kind: 'once', call, here: false });
    drainSoon();
  }

  /** Tells each call what it may do now. One at a time is at the work of a key. */
  #callOn(): void {
    for (const [call, once] of this.#calls) {
      if (once.begun) continue;
      const others = [...this.#calls.values()].filter((it) => it.key === once.key);
      if (this.#done.has(once.key)) {
        this.#calls.delete(call);
        this.#events.push({ kind: 'once', call, here: false });
      } else if (this.#term && !others.some((it) => it.begun)) {
        once.begun = { term: this.#term, unfinished: this.#hold() };
        this.#events.push({ kind: 'once', call, ...once.begun });
      }
    }
    drainSoon();
  }

  #endCalls(): void {
    for (const call of this.#calls.keys())
      this.#events.push({ kind: 'once', call, error: { code: 'closed', message: STOPPED } });
    this.#calls.clear();
  }

  // ---- firings of scheduled jobs: begun when this leads, and remembered here alone ---------------

  beginClaim(job: string, dueMs: number, missedWithinMs?: number): number {
    checkFiring(job, dueMs);
    this.#lastCall += 1;
    this.#events.push({ kind: 'claimed', call: this.#lastCall, ...this.#claim(job, dueMs, missedWithinMs) });
    drainSoon();
    return this.#lastCall;
  }

  #claim(job: string, dueMs: number, missedWithinMs?: number): Pick<ClaimNews, 'isBegun' | 'error'> {
    if (!this.#term) return { error: { ...this.notLeadingAfter(), code: 'leadership_lost' } };
    const last = this.lastFiring(job);
    if (last !== null && last > latestDue()) return { error: leftAhead(job, last) };
    if (missedWithinMs !== undefined) {
      const isRecent = Date.now() - dueMs >= 0 && Date.now() - dueMs <= missedWithinMs;
      if (!isRecent || last === null) return { isBegun: false };
    }
    if (last !== null && dueMs <= last) return { isBegun: false };
    if (this.remembers) this.#firings.set(job, dueMs);
    return { isBegun: true };
  }

  lastFiring(job: string): number | null {
    checkJob(job);
    return this.#firings.get(job) ?? null;
  }

  #stopIfIdle(): void {
    if (this.#isStopping && this.isIdle()) this.#stop();
    drainSoon();
  }

  #stop(): void {
    clearTimeout(this.#drain);
    this.#isStopping = false;
    this.#isRunning = false;
    this.#events.push({ kind: 'stopped' });
    drainSoon();
  }

  stepDown(): void {
    this.#lose('stepped_down');
    drainSoon();
  }

  takeEvents(): EngineEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  term(): EngineTerm | null {
    return this.#term;
  }

  leader(): string | null {
    return this.#holder;
  }

  remainingMs(): number {
    return this.#term?.remaining() ?? 0;
  }

  status(): EngineStatus {
    const standby = this.#isRunning ? 'candidate' : 'stopped';
    return {
      lease: this.#lease,
      mode: 'never',
      identity: this.#isRunning ? this.#identity : null,
      role: this.#term ? 'leader' : standby,
      holder: this.#holder,
      whyNotLeading: this.#term ? null : 'the test has not let it acquire the Lease',
      failing: this.#failing,
      watching: this.#isRunning,
      fencingToken: this.#term?.fencingToken ?? null,
      remainingMs: this.remainingMs(),
    };
  }

  metrics(): string {
    return '';
  }

  checkHealth(): void {
    // Nothing can go wrong.
  }

  signOfLifePeriodMs(): null {
    return null;
  }

  signOfLife(): void {
    // Nobody watches.
  }

  waitForEvent(): void {
    // There is one already: nothing here takes time.
  }

  notLeadingAfter(): EngineError {
    const { whyNotLeading } = this.status();
    return this.#isRunning
      ? { code: 'timed_out', message: `not the leader of \`${this.#lease}\`: ${String(whyNotLeading)}` }
      : { code: 'closed', message: NOT_RUNNING };
  }
}

/** What the core refuses, so that a test finds it. */
function checkJob(job: string): void {
  if (/^[!-~]{1,128}$/.test(job)) return;
  throw wrong('job', job, 'use 1 to 128 visible ASCII characters without spaces, such as `billing.invoices`');
}

function checkFiring(job: string, dueMs: number): void {
  checkJob(job);
  if (dueMs >= 0 && dueMs <= latestDue()) return;
  const fix = 'use the time for which the schedule has this firing, which has come';
  throw wrong('due', new Date(dueMs).toISOString(), fix);
}

/** No firing is due after this. */
function latestDue(): number {
  return Date.now() + MOST_AHEAD_MS;
}

/** A clock that was far ahead, as a test may set it, has left a time behind that keeps each firing from being begun. */
function leftAhead(job: string, last: number): EngineError {
  const text = (ms: number) => new Date(ms).toISOString();
  const which = `its firing at ${text(last)} is remembered as begun, which is ahead: here it is ${text(Date.now())}`;
  const message = `job = \`${job}\`: ${which}`;
  return { code: 'config', message };
}

/** Not by `queueMicrotask`, which tests fake. */
function drainSoon(): void {
  void Promise.resolve().then(drainAll);
}

/** The core's default. */
const DRAIN_TIMEOUT_MS = 20_000;
/** As the core has it: a scheduler may be a little early. */
const MOST_AHEAD_MS = 60_000;
const STOPPED = 'the election has been stopped';
const NOT_RUNNING = 'the election is not running: call start()';
/** How long a term lasts in a test, or the work under one that is over, for those who ask. */
const REMAINING_MS = 10_000;

class FakeTerm implements EngineTerm {
  readonly fencingToken: bigint;
  readonly transitions: number;
  readonly leaseUid = '00000000-0000-4000-8000-000000000000';
  readonly acquiredAt = Date.now();
  readonly acquisition = 'free';
  readonly isEndTold = true;
  #isOver = false;

  constructor(number: number) {
    this.fencingToken = BigInt(number);
    this.transitions = number;
  }

  end(): void {
    this.#isOver = true;
  }

  answer(): () => boolean {
    return () => !this.#isOver;
  }

  remaining(): number {
    return this.#isOver ? 0 : REMAINING_MS;
  }

  check(): void {
    if (!this.#isOver) return;
    const token = String(this.fencingToken);
    throw new LeadershipLostError(`the term with fencing token ${token} is over: stop its work`);
  }
}
