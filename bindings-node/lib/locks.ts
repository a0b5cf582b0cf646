/// <reference lib="esnext.disposable" preserve="true" />
import { EventEmitter, once } from 'node:events';

import { checkMilliseconds, checkOptions } from './checks.js';
import type { EngineError, EngineTerm } from './engine.js';
import { enter, leave } from './environment.js';
import { call, errorOf } from './errors.js';
import { Loss } from './loss.js';
import { openLocks } from './native.js';
import { inOptions, OPTIONS } from './options.js';
import { Pulse } from './pulse.js';
import type { LeaderElectionOptions } from './settings.js';
import { Tenure } from './tenure.js';
import type { Term } from './term.js';
import type { LostReason } from './words.js';

/** The settings of locks, as those of an election. A Lease is called as its lock. */
export type LocksOptions = Omit<LeaderElectionOptions, 'lease'>;

/** The limits of the work under a lock, from when it is acquired. */
export interface LockLimits {
  /**
   * How long the lock is held at most, in milliseconds: then it is lost, and the Lease expires. A limit
   * for work that goes on for too long. Without one, the lock is renewed until it is released.
   */
  atMostMs?: number | undefined;
  /**
   * For how long nobody else acquires the lock, in milliseconds, though it is released before: for work
   * that is due in all instances, but not quite at the same time. Up to a lease duration more, and not
   * if the holder crashes. At most as long as `atMostMs`.
   */
  atLeastMs?: number | undefined;
}

/** How to wait for a lock, and the limits of the work under it. */
export interface LockOptions extends LockLimits {
  /** How long to wait at most, in milliseconds; without it, until the lock is free. */
  timeoutMs?: number | undefined;
  /** Ends the wait with an `AbortError`. */
  signal?: AbortSignal | undefined;
}

/** @internal What has come of a call, or of a lock, which has the number of the call that acquired it. */
export type Answer =
  | { kind: 'acquired'; call: number; term?: EngineTerm; error?: EngineError }
  | { kind: 'lost'; call: number; reason: LostReason }
  | { kind: 'done'; call: number; value?: boolean; error?: EngineError };

/** @internal The locks of the core. Nothing in it blocks, save `waitForAnswer`. */
export interface LockEngine {
  observe(call: number, name: string): void;
  acquire(
    call: number,
    name: string,
    timeoutMs: number | null,
    atMostMs: number | null,
    atLeastMs: number,
  ): void;
  cancel(call: number): void;
  setLimits(lock: number, atMostMs: number | null, atLeastMs: number): void;
  timeLeftMs(lock: number): number;
  release(call: number, lock: number): void;
  close(call: number): void;
  signOfLife(): void;
  signOfLifePeriodMs(): number | null;
  takeAnswers(): Answer[];
  waitForAnswer(): void;
}

const LIMITS = ['atMostMs', 'atLeastMs'] as const;

/**
 * Locks for one piece of work each, by a Lease for each: for what is done once in a while by the
 * instance that comes first, and not by a leader. A lock is renewed while the work goes on, and
 * released after it; nobody campaigns for it in between.
 *
 * What an election promises of a leader holds of who has a lock: the answer is false as soon as it
 * cannot be vouched for, and the old holder has stopped before another begins. A name is observed from
 * when it is first used, or {@link observe} is called: a lock whose holder has crashed meanwhile is then
 * free at once, and otherwise one lease duration after it was first seen.
 *
 * They do not keep the process from exiting unless something is awaited. When the process exits, or the
 * worker thread ends, a lock that is held is left to expire.
 *
 * ```js
 * const locks = new Locks();
 * const lock = await locks.tryLock('nightly-report');
 * if (lock) {
 *   try {
 *     await report({ signal: lock.signal, token: lock.fencingToken });
 *   } finally {
 *     await lock.release();
 *   }
 * }
 * ```
 */
export class Locks {
  readonly #engine: LockEngine;
  readonly #calls: Calls;

  /**
   * Locks of which nobody holds one yet.
   *
   * @throws {@link ConfigError} that names the wrong field, its value and the fix.
   */
  constructor(options: LocksOptions = {}) {
    const known = OPTIONS.filter((option) => option !== 'lease');
    checkOptions(options, known, "{ namespace: 'jobs' }");
    this.#engine = openLocks(options);
    this.#calls = new Calls(this.#engine);
  }

  /**
   * Observes locks from now on, so that one whose holder has crashed is free when it is wanted. Resolves
   * when credentials are loaded, and does not wait for an answer of the API server.
   *
   * @throws {@link ConfigError} if credentials or folder cannot be used.
   * @throws {@link ClosedError} when they were closed.
   */
  async observe(...names: string[]): Promise<void> {
    for (const name of names) {
      await this.#calls.begin((number) => {
        this.#engine.observe(number, name);
      });
    }
  }

  /**
   * Acquires a lock if it is free; null if somebody holds it, be it this process. Resolves when
   * that is known, which has limits: those of requests, and while this process is about to release
   * it, those of a release.
   *
   * @throws why it could not be found out: {@link LeaseholdError}, whose `code` says what to do.
   * @throws {@link ConfigError} if `atLeastMs` is longer than `atMostMs`.
   */
  async tryLock(name: string, limits: LockLimits = {}): Promise<HeldLock | null> {
    checkOptions(limits, LIMITS, '{ atLeastMs: 60_000 }');
    return this.#acquire(name, null, limits);
  }

  /**
   * Acquires a lock, and waits until it is free.
   *
   * @throws {@link TimedOutError} that says who holds it, when `timeoutMs` has passed.
   * @throws as {@link tryLock}.
   */
  async lock(name: string, options: LockOptions = {}): Promise<HeldLock> {
    checkOptions(options, ['timeoutMs', 'signal', ...LIMITS], '{ timeoutMs: 60_000 }');
    const { timeoutMs = Infinity, signal } = options;
    if (timeoutMs !== Infinity) checkMilliseconds('timeoutMs', timeoutMs);
    const lock = await this.#acquire(name, timeoutMs, options, signal);
    // The core says why.
    if (!lock) throw errorOf({ code: 'internal', message: 'the native half did not say why' });
    return lock;
  }

  async #acquire(
    name: string,
    timeoutMs: number | null,
    { atMostMs, atLeastMs = 0 }: LockLimits,
    signal?: AbortSignal,
  ): Promise<HeldLock | null> {
    checkLimits(atMostMs, atLeastMs);
    const acquired = await this.#calls.begin((number) => {
      this.#engine.acquire(number, name, timeoutMs, atMostMs ?? null, atLeastMs);
    }, signal);
    return acquired instanceof Holding ? new HeldLock(name, acquired) : null;
  }

  /**
   * No lock is acquired from now on, and those that are held end: their signals abort, and they are
   * waited for while renewal goes on, until they are released or the drain timeout has passed. Work
   * under a lock must not await it.
   */
  async close(): Promise<void> {
    await this.#calls.close();
  }

  /** Closes, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A lock that is held, and renewed until it is released. */
export class HeldLock {
  /** The name of the lock. */
  readonly name: string;
  readonly #holding: Holding;

  /** @internal */
  constructor(name: string, holding: Holding) {
    this.name = name;
    this.#holding = holding;
  }

  /** The term for which it is held: its fencing token, and whether it is still held. */
  get term(): Term {
    return this.#holding.tenure.term;
  }

  /** A number that only grows from holder to holder; see {@link Term.fencingToken}. */
  get fencingToken(): bigint {
    return this.term.fencingToken;
  }

  /** Whether it is still held, at this very call. False once it is lost or released, for good. */
  get isHeld(): boolean {
    return this.term.isValid;
  }

  /** Aborted when the lock is no longer held, be it lost or released; see {@link Term.signal}. */
  get signal(): AbortSignal {
    return this.term.signal;
  }

  /** Resolves when the lock is lost; never if it is released before. Does not keep the process from exiting. */
  lost(): Promise<Loss> {
    return this.#holding.lost;
  }

  /**
   * Sets other limits for the work, from now on.
   *
   * @throws {@link LeadershipLostError} when it is no longer held.
   * @throws {@link ConfigError} if `atLeastMs` is longer than `atMostMs`.
   */
  setLimits(limits: LockLimits): void {
    checkOptions(limits, LIMITS, '{ atMostMs: 60_000 }');
    const { atMostMs, atLeastMs = 0 } = limits;
    checkLimits(atMostMs, atLeastMs);
    this.#holding.setLimits(atMostMs, atLeastMs);
  }

  /**
   * Gives the lock back. Resolves when that is done, with whether it is known to be; otherwise it was
   * lost before, or its Lease expires by itself. Does nothing the second time.
   */
  release(): Promise<boolean> {
    return this.#holding.release();
  }

  /** Releases, at the end of an `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

function checkLimits(atMostMs: number | undefined, atLeastMs: number): void {
  if (atMostMs !== undefined) checkMilliseconds('atMostMs', atMostMs);
  checkMilliseconds('atLeastMs', atLeastMs);
}

/** @internal A lock on its way through the engine. */
export class Holding {
  readonly tenure: Tenure;
  readonly lost: Promise<Loss>;
  readonly #engine: LockEngine;
  readonly #calls: Calls;
  readonly #number: number;
  #tell!: (loss: Loss) => void;

  constructor(engine: LockEngine, calls: Calls, number: number, term: EngineTerm) {
    this.tenure = new Tenure(term);
    this.lost = new Promise((resolve) => {
      this.#tell = resolve;
    });
    this.#engine = engine;
    this.#calls = calls;
    this.#number = number;
  }

  lose(reason: LostReason): void {
    this.tenure.end(reason);
    this.#tell(new Loss(this.tenure.term, reason, () => this.#engine.timeLeftMs(this.#number)));
  }

  setLimits(atMostMs: number | undefined, atLeastMs: number): void {
    call(() => {
      this.#engine.setLimits(this.#number, atMostMs ?? null, atLeastMs);
    }, inOptions);
  }

  async release(): Promise<boolean> {
    const released = this.#calls.release(this.#number);
    this.tenure.end();
    return (await released) === true;
  }
}

/** What a call comes to. */
type Outcome = Holding | boolean | null;

interface Waiting {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** The calls that are not answered yet, and the locks that are held, by their numbers. */
class Calls {
  readonly #engine: LockEngine;
  readonly #pulse = new Pulse();
  readonly #waiting = new Map<number, Waiting>();
  readonly #held = new Map<number, Holding>();
  readonly #releasing = new Set<number>();
  #last = 0;
  #isEntered = false;
  #isClosed = false;

  constructor(engine: LockEngine) {
    this.#engine = engine;
  }

  /** Resolves with the answer to the call that `engine` makes under a number. */
  async begin(engine: (number: number) => void, signal?: AbortSignal): Promise<Outcome> {
    if (signal?.aborted) return aborted(signal);
    this.#enter();
    this.#last += 1;
    const number = this.#last;
    const answered = new Promise<Outcome>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
    });
    try {
      call(() => {
        engine(number);
      });
      return await this.#pulse.holdFor(() => this.#orAborted(answered, number, signal));
    } finally {
      this.#waiting.delete(number);
    }
  }

  async #orAborted(answered: Promise<Outcome>, number: number, signal?: AbortSignal): Promise<Outcome> {
    if (!signal) return answered;
    const over = new EventEmitter();
    // An answer that was taken in before the signal aborted comes first, even in the same turn: `once`
    // rejects one microtask later than `answered` resolves.
    const abort = once(over, 'over', { signal });
    try {
      return (await Promise.race([answered, abort])) as Outcome;
    } catch (error) {
      this.#engine.cancel(number);
      throw error;
    } finally {
      over.emit('over');
    }
  }

  async release(lock: number): Promise<Outcome> {
    this.#held.delete(lock);
    let call: number | undefined;
    try {
      return await this.begin((number) => {
        call = number;
        this.#releasing.add(number);
        this.#engine.release(number, lock);
      });
    } finally {
      if (call !== undefined) this.#releasing.delete(call);
    }
  }

  async close(): Promise<void> {
    await this.begin((number) => {
      this.#engine.close(number);
    });
    this.#isClosed = true;
    this.#leave();
  }

  /** From the first use on there are answers to be taken in, and signs of life to be given. */
  #enter(): void {
    if (this.#isEntered) return;
    this.#isEntered = true;
    enter(this);
    this.#pulse.start(() => {
      this.#engine.signOfLife();
    }, this.#engine.signOfLifePeriodMs());
  }

  #leave(): void {
    if (!this.#isClosed || !this.#isEntered || this.#waiting.size > 0) return;
    this.#isEntered = false;
    this.#pulse.stop();
    leave(this);
  }

  /** Takes in what was answered. */
  drain(): void {
    for (const answer of this.#engine.takeAnswers()) this.#takeIn(answer);
    this.#leave();
  }

  #takeIn(answer: Answer): void {
    const { call: number } = answer;
    if (answer.kind === 'lost') {
      this.#held.get(number)?.lose(answer.reason);
      return;
    }
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (answer.kind === 'done') this.#releasing.delete(number);
    if (answer.error) {
      const { code, message } = answer.error;
      waiting?.reject(errorOf({ code, message: inOptions(message) }));
    } else if (answer.kind === 'done') {
      waiting?.resolve(answer.value ?? false);
    } else if (!answer.term) {
      waiting?.resolve(null);
    } else if (!waiting) {
      // Nobody waits for it any more.
      void this.release(number);
    } else {
      // The event loop turns, and from now on it is watched for this lock as well.
      this.#engine.signOfLife();
      const holding = new Holding(this.#engine, this, number, answer.term);
      this.#held.set(number, holding);
      waiting.resolve(holding);
    }
  }

  /** What is held is left to expire: nobody can wait for its work. */
  beginExit(): void {
    // What is being released goes on by itself.
  }

  /** Takes in what happens until all is given back that is being released. */
  finishExit(): void {
    while (this.#releasing.size > 0) {
      this.#engine.waitForAnswer();
      this.drain();
    }
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  await once(new EventEmitter(), 'never', { signal });
  throw signal.reason;
}
