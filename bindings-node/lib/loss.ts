import type { LostReason } from './words.js';
import type { Term } from './term.js';

/** The end of a term. */
export class Loss {
  /** The term that is over. */
  readonly term: Term;
  /** Why. */
  readonly reason: LostReason;
  readonly #timeLeftMs: () => number;

  /** @internal */
  constructor(term: Term, reason: LostReason, timeLeftMs: () => number) {
    this.term = term;
    this.reason = reason;
    this.#timeLeftMs = timeLeftMs;
  }

  /**
   * How long the term's work may still go on, in milliseconds: before that, no other candidate leads.
   * 0 where another may lead already, and once all listeners are done. Ask again rather than keep the
   * answer: it shrinks when renewals fail.
   */
  get timeLeftMs(): number {
    return this.#timeLeftMs();
  }
}
