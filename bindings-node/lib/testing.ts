/**
 * A test double: an election that leads when a test says so. It neither loads the native library nor
 * knows of a cluster; all else is the code that runs in production.
 *
 * @module leasehold/testing
 */
import { LeaderElection } from './election.js';
import type { LostReason } from './words.js';
import type { LeaseholdError } from './leasehold-error.js';
import { FakeEngine } from './fake-engine.js';

/** What a fake election is called. */
export interface FakeLeaderElectionOptions {
  /** The name of the Lease. Default: `test`. */
  lease?: string | undefined;
  /** This candidate's holder string. Default: `this-instance`. */
  identity?: string | undefined;
}

/**
 * An election that leads when a test says so.
 *
 * ```js
 * const election = await new FakeLeaderElection().start();
 * election.acquire();
 * // … the code under test does its work …
 * election.lose('expired');
 * // … and has been asked to stop.
 * ```
 */
export class FakeLeaderElection extends LeaderElection {
  readonly #engine: FakeEngine;

  /** A fake election that does not take part yet. */
  constructor(options: FakeLeaderElectionOptions = {}) {
    const { lease = 'test', identity = 'this-instance' } = options;
    const engine = new FakeEngine(lease, identity);
    super({}, engine);
    this.#engine = engine;
  }

  /**
   * This instance leads from now on. Listeners have been called when this returns.
   *
   * @throws {@link ClosedError} if the election was not started.
   */
  acquire(): void {
    this.#engine.acquire();
  }

  /** The term is over. Listeners have been called when this returns. */
  lose(reason: LostReason = 'expired'): void {
    this.#engine.lose(reason);
  }

  /** The Lease names this holder, or none. */
  follow(holder: string | null): void {
    this.#engine.follow(holder);
  }

  /** The Lease cannot be read or renewed. */
  fail(error: LeaseholdError): void {
    this.#engine.fail(error);
  }
}
