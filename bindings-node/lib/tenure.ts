import { setMaxListeners } from 'node:events';

import type { EngineTerm } from './engine.js';
import { LeadershipLostError } from './error-classes.js';
import { Term } from './term.js';
import { setImmediate } from './timers.js';

/** A term with the means to end it. */
export class Tenure {
  readonly term: Term;
  /** What listeners have begun when they heard that the term began. */
  readonly #begun: Promise<unknown>[] = [];
  readonly #abort = new AbortController();
  readonly #isValid: () => boolean;
  #isOver = false;

  constructor(term: EngineTerm) {
    const { signal } = this.#abort;
    // Each job under the term may add one.
    setMaxListeners(0, signal);
    this.#isValid = term.answer();
    // After a pause nobody may have heard of the end yet: the first that asks hears of it, and all others then.
    for (const name of ['aborted', 'reason', 'throwIfAborted'] as const) this.#lookBefore(signal, name);
    this.term = new Term(term, signal);
    if (!term.isEndTold) watch(this);
  }

  /** Has what asks the signal look at the term first. */
  #lookBefore(signal: AbortSignal, name: 'aborted' | 'reason' | 'throwIfAborted'): void {
    const get = (): unknown => {
      this.look();
      return Reflect.get(AbortSignal.prototype, name, signal);
    };
    Object.defineProperty(signal, name, { configurable: true, get });
  }

  /** What a listener has begun, which is waited for when the term has ended. */
  begin(work: Promise<unknown> | undefined): void {
    if (work) this.#begun.push(work);
  }

  /** All that has begun; undefined if there is nothing to wait for. */
  get begun(): Promise<unknown> | undefined {
    return this.#begun.length === 0 ? undefined : Promise.all(this.#begun);
  }

  /** Ends the term where its time is over. Returns whether it goes on. */
  look(): boolean {
    if (this.#isValid()) return true;
    this.end();
    return false;
  }

  /** The term is over: all that goes on under it is to stop. */
  end(reason?: string): void {
    // Deno's `abort` asks whether the signal is aborted, which looks at the term.
    if (this.#isOver) return;
    this.#isOver = true;
    const token = String(this.term.fencingToken);
    const why = reason === undefined ? '' : ` (${reason})`;
    const message = `the term with fencing token ${token} is over${why}: stop its work`;
    this.#abort.abort(new LeadershipLostError(message));
  }
}

/** The terms that go on, as far as anybody knows here. */
const watched = new Set<Tenure>();

function watch(tenure: Tenure): void {
  if (watched.size === 0) inEachTurn();
  watched.add(tenure);
}

/**
 * Looks in each turn of the event loop, after I/O and before timers: what a timer begins after a
 * pause is cut short before it takes a step. An immediate without a reference neither holds the
 * process open nor keeps the loop from sleeping.
 */
function inEachTurn(): void {
  setImmediate(() => {
    for (const tenure of watched) if (!tenure.look()) watched.delete(tenure);
    if (watched.size > 0) inEachTurn();
  }).unref();
}
