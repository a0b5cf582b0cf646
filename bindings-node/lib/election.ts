/// <reference lib="esnext.disposable" preserve="true" />
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { InspectOptions } from 'node:util';

import { Candidacy } from './candidacy.js';
import type { Work } from './candidacy.js';
import { checkDate, checkMilliseconds, checkOptions, checkText } from './checks.js';
import type { Engine } from './engine.js';
import { call } from './errors.js';
import type { ElectionEmitter } from './events.js';
import { checkOutcome, checkWork } from './later-work.js';
import { attemptFor } from './listeners.js';
import { openEngine } from './native.js';
import type { LeaderElectionOptions } from './settings.js';
import { runService } from './singleton-service.js';
import type { Registration, SingletonService } from './singleton-service.js';
import { Status } from './status.js';
import type { Term } from './term.js';

/** What may end a wait. */
export interface WaitOptions {
  /**
   * Ends the wait with an `AbortError`; if it is a signal of `AbortSignal.timeout`, with a
   * {@link TimedOutError} that says why this instance does not lead.
   */
  signal?: AbortSignal | undefined;
}

/** How to stop. */
export interface StopOptions {
  /** How long work may take to stop, in milliseconds, in place of `drainTimeoutMs`. */
  drainMs?: number | undefined;
}

// That of `node:events` has types for its events only from `@types/node` 20.11 on.
const Emitter = EventEmitter as new () => ElectionEmitter;

/**
 * One candidate in the election for one Lease. Have as many as there are Leases; they share one
 * thread in the background, on which the Leases are renewed no matter what the event loop does.
 * While an election runs, another thread of its own waits for its events.
 *
 * It runs from {@link start} to {@link stop}, whether or not anything refers to it, and does not
 * keep the process from exiting unless something is awaited. When the process exits, or the worker
 * thread ends, the Lease is released if no work is under way; otherwise it is left to expire.
 *
 * ```js
 * const election = new LeaderElection({ lease: 'monolith-jobs' });
 * await election.start();
 * if (election.isLeader) console.log('this instance runs the job');
 * ```
 */
export class LeaderElection extends Emitter {
  readonly #engine: Engine;
  readonly #candidacy: Candidacy;
  readonly #isLeader: () => boolean;

  /**
   * An election that does not take part yet.
   *
   * @throws {@link ConfigError} that names the wrong field, its value and the fix.
   */
  constructor(options?: LeaderElectionOptions);
  /** @internal */
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- not in the declarations
  constructor(options: LeaderElectionOptions, engine: Engine);
  constructor(options: LeaderElectionOptions = {}, engine?: Engine) {
    super();
    // Each service, and each job that listens, is one more.
    this.setMaxListeners(0);
    this.#engine = engine ?? openEngine(options);
    this.#candidacy = new Candidacy(this.#engine, this);
    this.#isLeader = this.#engine.answer();
    (this as EventEmitter).on('newListener', (event: string, listener: () => void) => {
      if (event === 'acquired') this.#tellLate(listener);
    });
  }

  /**
   * Takes part from now on, under a new random identity. Does nothing if it runs already; if it is
   * stopping, begins again when it has stopped. Resolves when credentials are loaded, and does not
   * wait for the first answer of the API server: a cluster that is down is waited for in the background.
   *
   * @throws {@link ConfigError} that names the wrong field, its value and the fix.
   * @throws {@link ClosedError} if it is stopping, and a listener that the stop waits for calls this.
   */
  async start(): Promise<this> {
    await this.#candidacy.pulse.holdFor(() => this.#candidacy.start());
    return this;
  }

  /**
   * Stops: the answer turns false at once, listeners are called and waited for while renewal goes
   * on, then the Lease is released. Resolves when all that is done, at most the drain timeout and
   * the renew deadline later; in mode `file` the renew deadline more if the disk hangs. Does nothing
   * if it does not run. Work under a term must not await it: each would wait for the other, for the
   * whole drain timeout.
   *
   * @throws {@link ConfigError} if `drainMs` is no time.
   */
  async stop({ drainMs }: StopOptions = {}): Promise<void> {
    if (drainMs !== undefined) checkMilliseconds('drainMs', drainMs);
    await this.#candidacy.pulse.holdFor(() => this.#candidacy.stop(drainMs));
  }

  /** Stops, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Stops leading, as {@link stop} does but without waiting for it, and holds back for one lease
   * duration so that another candidate may lead. The answer is false when it returns. Nothing happens
   * where it does not lead.
   */
  stepDown(): void {
    call(() => {
      this.#engine.stepDown();
    });
  }

  /**
   * Whether this instance is the leader now. Compares a deadline with the clock at each call, so it
   * is false the moment a paused, suspended or partitioned process wakes.
   */
  get isLeader(): boolean {
    return this.#isLeader();
  }

  /** How long the leadership lasts unless it is renewed, in milliseconds; 0 when there is none. */
  get remainingMs(): number {
    return this.#engine.remainingMs();
  }

  /**
   * The term under which this instance leads; null when it does not, and for an instant after
   * {@link isLeader} turned true, which is published before any listener is called.
   */
  get term(): Term | null {
    return this.#candidacy.present ?? null;
  }

  /** The holder that the Lease names, as last observed. Tells nothing about who may act now. */
  get leader(): string | null {
    return call(() => this.#engine.leader());
  }

  /** How the election stands. */
  status(): Status {
    return new Status(call(() => this.#engine.status()));
  }

  /** Metrics in the Prometheus text format, under client-go's names if it has them. */
  metrics(): string {
    return call(() => this.#engine.metrics());
  }

  /**
   * For a liveness probe: a standby is healthy, and so is a candidate whose API server is down. Not
   * so an election whose background thread is stuck, nor one that the Lease still names
   * `toleranceMs` milliseconds after it expired.
   *
   * @throws {@link ConfigError} if `toleranceMs` is no time.
   * @throws {@link InternalError} if the election is stuck.
   * @throws {@link LeadershipLostError} if it let its Lease expire.
   */
  checkHealth(options: { toleranceMs?: number | undefined } = {}): void {
    checkOptions(options, ['toleranceMs'], '{ toleranceMs: 5_000 }');
    const { toleranceMs = 0 } = options;
    checkMilliseconds('toleranceMs', toleranceMs);
    call(() => {
      this.#engine.checkHealth(toleranceMs);
    });
  }

  /** Keeps the process from exiting while the election runs. */
  ref(): this {
    this.#candidacy.pulse.referenced = true;
    return this;
  }

  /** Lets the process exit though the election runs, as it does from the beginning. */
  unref(): this {
    this.#candidacy.pulse.referenced = false;
    return this;
  }

  /**
   * Resolves with the term when this instance leads, at once if it does already.
   *
   * @throws {@link ClosedError} if the election does not run, or stops.
   */
  async waitForLeadership(options: WaitOptions = {}): Promise<Term> {
    const signal = signalOf(options);
    const candidacy = this.#candidacy;
    const term = await candidacy.pulse.holdFor(() => candidacy.leadership(signal));
    if (!term) throw candidacy.notLeading();
    return term;
  }

  /**
   * Runs `work` if this instance leads now, and resolves with what it returned; with undefined if
   * not. The Lease is not released before `work` has settled, or the drain timeout has passed; when
   * the term is over, `term.signal` aborts. An election that was never started says so, in a warning.
   *
   * @throws TypeError, on a standby as well, if `work` is not a function: a promise's work goes on already.
   * @throws TypeError if its outcome is what goes on later: a stream, an iterator, a timer, a child process.
   */
  async runIfLeader<T>(work: (term: Term) => T | PromiseLike<T>): Promise<T | undefined> {
    checkWork(work, 'runIfLeader');
    const begun = this.#candidacy.beginWork();
    return begun && (await finishing(begun, work));
  }

  /**
   * Waits until this instance leads, runs `work` once as {@link runIfLeader} does, and resolves with
   * what it returned. The signal ends the wait, not the work.
   *
   * @throws {@link ClosedError} if the election does not run, or stops before it leads.
   * @throws TypeError as {@link runIfLeader}.
   */
  async lead<T>(work: (term: Term) => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkWork(work, 'lead');
    return this.#candidacy.pulse.holdFor(async () => {
      for (;;) {
        await this.waitForLeadership(options);
        const begun = this.#candidacy.beginWork();
        // Not if the term ended just now.
        if (begun) return await finishing(begun, work);
      }
    });
  }

  /**
   * Does `work` once, no matter which replica leads: a migration of a database, an initialisation. Call it
   * in each replica: it does the work here if this instance begins to lead and nobody has done it before;
   * otherwise it waits until another has. Resolves with whether it was done here.
   *
   * The `key` names the work and its version. When the work has ended without an error, an annotation of
   * the Lease records the key; it keeps the last 32, so that a rollback does not run an old one again.
   * Deleting the Lease forgets them. Two candidates never work at once, but work that was interrupted, or
   * whose end could not be recorded, begins again: at least once. The term that `work` receives says when
   * to stop, and has the fencing token.
   *
   * If `work` fails, this instance steps down, and rejects with its error. Another candidate begins it
   * again after a retry period, then two, and so on; after five attempts all give up.
   *
   * Starts the election if it does not run, and then stops it at the end. In mode `always` each call does
   * the work, since nothing is remembered; in mode `never` none does. The signal ends the wait, not the
   * work.
   *
   * @throws {@link ConfigError} for a key that cannot be one, or as {@link start}.
   * @throws {@link WorkFailedError} that says what the work has failed with, as often as it may.
   * @throws {@link ClosedError} if the election is stopped, or stops and a listener that it waits for calls
   * this.
   * @throws {@link CorruptError} if what the Lease remembers cannot be understood.
   * @throws TypeError as {@link runIfLeader}.
   */
  async runOnce(
    key: string,
    work: (term: Term) => unknown,
    options: WaitOptions = {},
  ): Promise<boolean> {
    checkWork(work, 'runOnce');
    checkText('key', key, '1.4.2');
    const signal = signalOf(options);
    const done = async (term: Term) => {
      checkOutcome(await work(term));
    };
    return this.#candidacy.pulse.holdFor(() => this.#candidacy.runOnce(key, done, signal));
  }

  /**
   * Claims a firing of a scheduled job, if this instance leads: resolves with true if nobody has begun this
   * firing or a later one of the `job`; from then on nobody else begins it, no matter who leads. So a
   * firing never runs twice, even if leadership changes just then, or another clock is late. Resolves with
   * false if it has begun already. Call it within {@link runIfLeader}, so that the Lease is not released
   * before the work has ended, and standbys do not call it.
   *
   * `due` is the time at which the schedule has this firing, to the millisecond: the same in each replica,
   * and not the time of the call. An annotation of the Lease records it before this resolves, so a firing
   * whose work was interrupted, or whose record was not confirmed, does not run again: at most once. The
   * Lease remembers the last firings of 128 jobs; deleting it forgets them. In mode `always` nothing is
   * remembered, and it is always true.
   *
   * If it rejects, do not run the firing, which may count as begun.
   *
   * @throws {@link LeadershipLostError} if this instance does not lead, or no longer when it is recorded.
   * @throws {@link ClosedError} if the election does not run.
   * @throws why it could not be recorded: {@link LeaseholdError}, whose `code` says what to do.
   * @throws {@link CorruptError} if what the Lease remembers cannot be understood.
   * @throws {@link ConfigError} for a `job` that cannot be one, one too many for the Lease, or a `due`
   * that is ahead.
   */
  async claim(job: string, due: Date): Promise<boolean> {
    return this.#claim(job, due);
  }

  /**
   * As {@link claim}, for a firing that may have been missed because the leader had died, or nobody led.
   * Call it when this instance begins to lead, with the schedule's latest firing before now. Also resolves
   * with false if that was more than `withinMs` milliseconds ago, or if no firing of the `job` is known: a
   * job that never ran has missed nothing.
   *
   * @throws as {@link claim}; {@link ConfigError} also if `withinMs` is no time.
   */
  async claimMissed(job: string, due: Date, options: { withinMs: number }): Promise<boolean> {
    checkOptions(options, ['withinMs'], '{ withinMs: 3_600_000 }');
    checkMilliseconds('withinMs', options.withinMs);
    return this.#claim(job, due, options.withinMs);
  }

  async #claim(job: string, due: Date, missedWithinMs?: number): Promise<boolean> {
    checkText('job', job, 'billing.invoices');
    checkDate('due', due);
    const candidacy = this.#candidacy;
    return candidacy.pulse.holdFor(() => candidacy.claim(job, due, missedWithinMs));
  }

  /**
   * When the last firing of the `job` that has begun was due, as far as this instance knows; exact while it
   * leads. Null if none is known.
   *
   * @throws {@link CorruptError} if what the Lease remembers cannot be understood.
   * @throws {@link ConfigError} for a `job` that cannot be one.
   */
  lastFiring(job: string): Date | null {
    checkText('job', job, 'billing.invoices');
    const last = call(() => this.#engine.lastFiring(job));
    return last === null ? null : new Date(last);
  }

  /**
   * Each term of this instance, for a loop whose body is the work under it: the Lease is not released
   * before the body has ended, or the drain timeout has passed. After a body that ends early the loop
   * waits for the next term. It ends when the election stops; so that it can, the body catches what
   * `term.signal` cuts short.
   *
   * @throws {@link ClosedError} if the election does not run.
   */
  async *terms(options: WaitOptions = {}): AsyncGenerator<Term, void, undefined> {
    const signal = signalOf(options);
    const candidacy = this.#candidacy;
    if (!candidacy.isRunning) throw candidacy.notLeading();
    const letGo = candidacy.pulse.hold();
    try {
      let last: Term | undefined;
      while (await candidacy.leadership(signal, last)) {
        const work = candidacy.beginWork();
        // Not if the term ended just now.
        if (!work) continue;
        last = work.term;
        try {
          yield last;
        } finally {
          work.finish();
        }
      }
    } finally {
      letGo();
    }
  }

  /**
   * Runs `service` while this instance leads, until it is removed.
   *
   * @throws {@link ConfigError} if it has no `start` or no `stop`.
   */
  addSingletonService(service: SingletonService): Registration {
    return runService(this, service);
  }

  /** @internal As `console.log` shows it: how it stands, not how it listens. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { lease, role, holder } = this.status();
    return `${this.constructor.name} ${inspect({ lease, role, holder }, options)}`;
  }

  /** The present term, for a listener that was not there when the others heard of it. */
  #tellLate(listener: unknown): void {
    const tenure = this.#candidacy.told;
    if (!tenure) return;
    void Promise.resolve().then(() => {
      if (this.#candidacy.told !== tenure) return;
      // One that is called only once is registered in a wrapper, which must be the one that is called.
      const wrapped = this.rawListeners('acquired').findLast(
        (raw) => raw === listener || (raw as { listener?: unknown }).listener === listener,
      );
      if (wrapped) tenure.begin(attemptFor(this)(() => wrapped.call(this, tenure.term) as unknown));
    });
  }
}

function signalOf(options: WaitOptions): AbortSignal | undefined {
  checkOptions(options, ['signal'], '{ signal: AbortSignal.timeout(5_000) }');
  return options.signal;
}

async function finishing<T>(begun: Work, work: (term: Term) => T | PromiseLike<T>): Promise<T> {
  try {
    return checkOutcome(await work(begun.term));
  } finally {
    begun.finish();
  }
}
