import type { EngineTerm } from './engine.js';
import { LeadershipLostError } from './errors.js';
import { Term } from './term.js';

/** A term with the means to end it. */
export class Tenure {
  readonly term: Term;
  readonly #abort = new AbortController();

  constructor(term: EngineTerm) {
    this.term = new Term(term, this.#abort.signal);
  }

  /** The term is over: all that goes on under it is to stop. */
  end(reason: string): void {
    const token = String(this.term.fencingToken);
    const message = `the term with fencing token ${token} is over (${reason}): stop its work`;
    this.#abort.abort(new LeadershipLostError(message));
  }
}
