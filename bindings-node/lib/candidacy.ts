import { EventEmitter, once } from 'node:events';

import type { ClaimNews, Engine, EngineEvent, EngineTerm, OnceNews } from './engine.js';
import { enter, leave } from './environment.js';
import { ClosedError, LeadershipLostError } from './error-classes.js';
import { call, errorOf } from './errors.js';
import type { LeaseholdError } from './leasehold-error.js';
import { attemptFor, isWithinListenerOf, tell } from './listeners.js';
import { publish } from './log.js';
import { Loss } from './loss.js';
import { Pulse } from './pulse.js';
import { Tenure } from './tenure.js';
import type { Term } from './term.js';
import type { LostReason } from './words.js';

/** Work under a term, until it is finished. */
export interface Work {
  readonly term: Term;
  finish(): void;
}

/** What goes on between the engine and the listeners of one election. */
export class Candidacy {
  readonly pulse = new Pulse();
  readonly #engine: Engine;
  readonly #election: EventEmitter;
  /** Emits `change` after each event. */
  readonly #news = new EventEmitter().setMaxListeners(0);
  /** The terms that are known here, until listeners hear that they are lost. */
  readonly #tenures = new Map<bigint, Tenure>();
  #state: 'stopped' | 'starting' | 'running' | 'stopping' = 'stopped';
  #startError: LeaseholdError | undefined;
  /** Whether the application has started it, and not only work that runs once. */
  #isStarted = false;
  /** How many calls of `runOnce` need the run. */
  #calls = 0;
  /** What those calls have not heard yet. */
  readonly #onceNews = new Map<number, OnceNews[]>();
  /** What settles the claims that are not answered yet. */
  readonly #claims = new Map<number, (news: ClaimNews) => void>();
  /** Tells a run from the one that may begin as soon as it has stopped. */
  #run = 0;
  #told: Tenure | undefined;
  #exits = false;
  #hasWarned = false;

  constructor(engine: Engine, election: EventEmitter) {
    this.#engine = engine;
    this.#election = election;
  }

  // ---- start and stop ---------------------------------------------------------------------------

  /** Whether there may be events. */
  get isRunning(): boolean {
    return this.#state !== 'stopped';
  }

  async start(): Promise<void> {
    this.#refuseInListener();
    this.#isStarted = true;
    try {
      await this.#startRun();
    } catch (error) {
      this.#isStarted = false;
      throw error;
    }
  }

  /** A listener, for which the stop waits, cannot wait for the end of that. */
  #refuseInListener(): void {
    if (this.#state === 'stopping' && isWithinListenerOf(this.#election))
      throw new ClosedError('the election is stopping, and waits for its listeners before: call this elsewhere');
  }

  async #startRun(): Promise<void> {
    // The core would take this for a start of what runs already.
    while (this.#state === 'stopping') await this.#change();
    if (this.#state === 'stopped') this.#begin();
    while (this.#state === 'starting') await this.#change();
    if (this.#startError) throw this.#startError;
  }

  #begin(): void {
    this.#startError = undefined;
    call(() => {
      this.#engine.start();
    });
    this.#state = 'starting';
    this.#run += 1;
    this.pulse.start(() => {
      this.#engine.signOfLife();
    }, this.#engine.signOfLifePeriodMs());
    enter(this);
  }

  async stop(drainMs: number | undefined): Promise<void> {
    this.#isStarted = false;
    await this.#stopRun(drainMs);
  }

  async #stopRun(drainMs?: number): Promise<void> {
    while (this.#state === 'starting') await this.#change();
    if (this.#state === 'stopped') return;
    call(() => this.#engine.requestStop(drainMs));
    this.#state = 'stopping';
    await this.#endOfRun();
  }

  async #endOfRun(): Promise<void> {
    const run = this.#run;
    while (this.isRunning && this.#run === run) await this.#change();
  }

  #ended(): void {
    this.#state = 'stopped';
    this.#restIfIdle();
  }

  /** Calls of `runOnce`, and claims, may have news that come after the end of the run. */
  #restIfIdle(): void {
    if (this.isRunning || this.#onceNews.size > 0 || this.#claims.size > 0) return;
    this.pulse.stop();
    leave(this);
  }

  // ---- terms, and work under them ---------------------------------------------------------------

  /** The term that listeners have heard of, until they hear of its loss. */
  get told(): Tenure | undefined {
    return this.#told;
  }

  /** The term under which this instance leads, whether or not listeners have heard of it. */
  get present(): Term | undefined {
    const term = call(() => this.#engine.term());
    return term ? this.#tenure(term).term : undefined;
  }

  #tenure(term: EngineTerm): Tenure {
    let tenure = this.#tenures.get(term.fencingToken);
    if (!tenure) {
      tenure = new Tenure(term);
      this.#tenures.set(term.fencingToken, tenure);
    }
    return tenure;
  }

  /**
   * Waits until this instance leads, under another term than `last`; undefined when the election
   * does not run, or stops.
   */
  async leadership(signal?: AbortSignal, last?: Term): Promise<Term | undefined> {
    const begun = performance.now();
    for (;;) {
      const term = signal?.aborted ? undefined : this.present;
      if (term && term !== last) return term;
      if (!this.isRunning) return undefined;
      await this.#changeSince(begun, signal);
    }
  }

  /** Waits for the next event, in a wait that has begun at that time. */
  async #changeSince(begun: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#change(signal);
    } catch (error) {
      throw isTimeout(signal) ? this.notLeading(performance.now() - begun) : error;
    }
  }

  /** What a wait of so long fails with, or what does not run. */
  notLeading(waitedMs = 0): LeaseholdError {
    return errorOf(call(() => this.#engine.notLeadingAfter(waitedMs)));
  }

  /**
   * Begins work if this instance leads. The Lease is not released before the work is finished, or
   * the drain timeout has passed.
   */
  beginWork(): Work | undefined {
    const work = call(() => this.#engine.beginWork());
    if (!work) {
      this.#warnIfNeverStarted();
      return undefined;
    }
    const finish = () => {
      this.#engine.finish(work.unfinished);
    };
    return { term: this.#tenure(work.term).term, finish };
  }

  // ---- work that runs once ----------------------------------------------------------------------

  /**
   * Does `work` when it is due here, and resolves with whether it is done here. The election runs
   * meanwhile.
   */
  async runOnce(
    key: string,
    work: (term: Term) => unknown,
    signal?: AbortSignal,
  ): Promise<boolean> {
    signal?.throwIfAborted();
    this.#refuseInListener();
    this.#calls += 1;
    try {
      await this.#startRun();
      return await this.#callOnce(key, work, signal);
    } finally {
      this.#calls -= 1;
      if (this.#calls === 0 && !this.#isStarted) {
        const stopped = this.#state === 'stopping' ? this.#endOfRun() : this.#stopRun();
        // An abort does not wait for it, and a listener must not: the stop waits for its listeners.
        if (signal?.aborted || isWithinListenerOf(this.#election)) void stopped.catch(() => undefined);
        else await stopped;
      }
    }
  }

  async #callOnce(
    key: string,
    work: (term: Term) => unknown,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const number = call(() => this.#engine.beginOnce(key));
    if (number === null) throw new ClosedError('the election has been stopped');
    const begun = performance.now();
    const news: OnceNews[] = [];
    this.#onceNews.set(number, news);
    try {
      let failure: { error: unknown } | undefined;
      let ended: Term | undefined;
      for (;;) {
        const next = news.shift();
        if (!next) {
          // How the work went is being recorded as long as its term lasts, and an abort is too late.
          const abortable = ended?.isValid ? undefined : signal;
          await this.#changeSince(begun, abortable).catch((error: unknown) => {
            throw failure ? failure.error : error;
          });
        } else if (next.error) {
          throw errorOf(next.error);
        } else if (next.term && next.unfinished !== undefined) {
          const { term } = this.#tenure(next.term);
          if (term.isValid) {
            failure = await failureOf(work, term);
            this.#engine.onceEnded(next.unfinished, failure && textOf(failure.error));
            ended = term;
          } else {
            // The event loop was blocked meanwhile, and another may be at it.
            this.#giveUp(next);
          }
        } else {
          if (next.here === undefined) throw failure?.error;
          return next.here;
        }
      }
    } finally {
      this.#onceNews.delete(number);
      this.#engine.endOnce(number);
      news.forEach((untold) => {
        this.#giveUp(untold);
      });
      this.#restIfIdle();
    }
  }

  /** Its work will not begin here. */
  #giveUp(news: OnceNews): void {
    if (news.unfinished !== undefined) this.#engine.finish(news.unfinished);
  }

  // ---- firings of scheduled jobs ----------------------------------------------------------------

  /** Claims a firing, or one that was missed within so long. */
  async claim(job: string, due: Date, missedWithinMs?: number): Promise<boolean> {
    // Nobody would hear of it.
    if (!this.isRunning) throw this.notLeading();
    const term = this.present;
    // The engine may lead a moment later, under a term that is not known here: what it began would not be run.
    if (!term) throw this.#notLeadingNow();
    try {
      const number = call(() => this.#engine.beginClaim(job, due.getTime(), missedWithinMs));
      const { error, isBegun } = await new Promise<ClaimNews>((resolve) => {
        this.#claims.set(number, resolve);
      });
      if (error) throw errorOf(error);
      // The event loop was blocked when this was known, or the process was paused.
      if (isBegun && !term.isValid) throw overWhenClaimed(job, due);
      return isBegun === true;
    } finally {
      this.#restIfIdle();
    }
  }

  #notLeadingNow(): LeadershipLostError {
    const { lease, whyNotLeading } = this.#engine.status();
    return new LeadershipLostError(`not the leader of \`${lease}\`: ${whyNotLeading ?? 'it leads only since just now'}`);
  }

  /** Says once that no work will ever begin here: to forget `start` looks like being a standby. */
  #warnIfNeverStarted(): void {
    if (this.#run > 0 || this.#hasWarned) return;
    this.#hasWarned = true;
    const { lease } = this.#engine.status();
    const message = `the election for \`${lease}\` was never started, so it never leads: call start()`;
    publish({ level: 'warn', target: 'leasehold', message });
  }

  // ---- events -----------------------------------------------------------------------------------

  /** Takes in what has happened. */
  drain(): void {
    for (const event of this.#engine.takeEvents()) {
      this.#takeIn(event);
      this.#news.emit('change');
    }
  }

  #takeIn(event: EngineEvent): void {
    switch (event.kind) {
      case 'started':
        if (this.#state === 'starting') this.#state = 'running';
        break;
      case 'startFailed':
        this.#startError = errorOf(event.error);
        this.#ended();
        break;
      case 'acquired':
        this.#told = this.#tenure(event.term);
        this.#told.begin(tell(this.#election, 'acquired', this.#told.term, attemptFor(this.#election)));
        break;
      case 'lost':
        this.#lose(this.#tenure(event.term), event.reason, event.unfinished);
        break;
      case 'leaderChanged':
        void tell(this.#election, 'leaderChanged', event.holder ?? null);
        break;
      case 'renewalFailing':
        void tell(this.#election, 'renewalFailing', errorOf(event.error));
        break;
      case 'once': {
        const news = this.#onceNews.get(event.call);
        if (news) news.push(event);
        else this.#giveUp(event);
        break;
      }
      case 'claimed': {
        const settle = this.#claims.get(event.call);
        this.#claims.delete(event.call);
        settle?.(event);
        break;
      }
      case 'stopped':
        this.#ended();
        void tell(this.#election, 'stopped');
        break;
    }
  }

  /** The Lease is not released before all has settled that listeners returned, of `acquired` as well. */
  #lose(tenure: Tenure, reason: LostReason, unfinished: number): void {
    const { term } = tenure;
    this.#told = undefined;
    this.#tenures.delete(term.fencingToken);
    tenure.end(reason);
    const finish = () => {
      this.#engine.finish(unfinished);
    };
    const loss = new Loss(term, reason, () => this.#engine.timeLeftMs(unfinished));
    const told = [tell(this.#election, 'lost', loss, attemptFor(this.#election)), tenure.begun];
    const pending = told.filter((promise) => promise !== undefined);
    // At once where it can be: at the exit of the process no promise settles any more.
    if (pending.length > 0) void Promise.all(pending).then(finish);
    else finish();
  }

  /** Waits for the next event. */
  async #change(signal?: AbortSignal): Promise<void> {
    await once(this.#news, 'change', { signal });
  }

  // ---- the end of the thread --------------------------------------------------------------------

  /** Begins to stop, unless work goes on: nobody can wait for it, so the Lease is left to expire. */
  beginExit(): void {
    this.#exits = this.#engine.isIdle() && this.#engine.requestStop();
  }

  /** Takes in what happens until the election has stopped, or a listener begins what takes longer. */
  finishExit(): void {
    while (this.#exits) {
      this.#engine.waitForEvent();
      this.drain();
      this.#exits = this.isRunning && this.#engine.isIdle();
    }
  }
}

function overWhenClaimed(job: string, due: Date): LeadershipLostError {
  const which = `the firing of \`${job}\` at ${due.toISOString()}`;
  const why = 'the term under which it was claimed is over';
  return new LeadershipLostError(`${which} is not to run here, and may count as begun: ${why}`);
}

/** What work under a term fails with, if it does. */
async function failureOf(
  work: (term: Term) => unknown,
  term: Term,
): Promise<{ error: unknown } | undefined> {
  try {
    await work(term);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** The message for others who wait for work that has failed. */
function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}

/** Whether the signal is one of `AbortSignal.timeout` that has aborted. */
function isTimeout(signal: AbortSignal | undefined): boolean {
  return (signal?.reason as { name?: unknown } | undefined)?.name === 'TimeoutError';
}
