import type { EngineTerm } from './engine.js';
import { call } from './errors.js';
import type { Acquisition } from './words.js';

/** One uninterrupted leadership of this instance. */
export class Term {
  /**
   * A number that only grows from term to term, no matter who leads. Send it with each write that
   * must not be done twice, and let the receiver refuse a smaller one than it has seen.
   */
  readonly fencingToken: bigint;
  /** The Lease's own count of acquisitions. Starts again from zero when the Lease is deleted. */
  readonly transitions: number;
  /** The UID of the Lease object. */
  readonly leaseUid: string;
  /** When the term was won, by this machine's wall clock. For display. */
  readonly acquiredAt: Date;
  /** How it came about: what had become of the last holder. */
  readonly acquisition: Acquisition;
  /**
   * Aborted when the term is over; its reason is a {@link LeadershipLostError}. Pass it to
   * everything that takes an `AbortSignal`. It is aborted when somebody asks it, and in each turn
   * of the event loop before timers: what waits for one does not go on after a pause in which the
   * term has ended. Between two steps of your own ask {@link check}.
   */
  readonly signal: AbortSignal;

  readonly #term: EngineTerm;
  readonly #isValid: () => boolean;

  /** @internal */
  constructor(term: EngineTerm, signal: AbortSignal) {
    this.#term = term;
    this.#isValid = term.answer();
    this.signal = signal;
    this.fencingToken = term.fencingToken;
    this.transitions = term.transitions;
    this.leaseUid = term.leaseUid;
    this.acquiredAt = new Date(term.acquiredAt);
    this.acquisition = term.acquisition;
  }

  /** Whether this instance still leads under this term, at this very call. */
  get isValid(): boolean {
    return this.#isValid();
  }

  /** How long the term lasts unless it is renewed, in milliseconds; 0 when it is over. */
  get remainingMs(): number {
    return this.#term.remaining();
  }

  /** As JSON has it: the fencing token is a string, since a number would lose its last digits. */
  toJSON(): object {
    const { fencingToken, transitions, leaseUid, acquiredAt, acquisition } = this;
    return { fencingToken: fencingToken.toString(), transitions, leaseUid, acquiredAt, acquisition };
  }

  /**
   * For the points of a long job where it may stop.
   *
   * @throws {@link LeadershipLostError} once the term is over.
   */
  check(): void {
    if (this.#isValid()) return;
    call(() => {
      this.#term.check();
    });
  }
}
