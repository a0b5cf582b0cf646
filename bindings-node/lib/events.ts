import type { EventEmitter } from 'node:events';

import type { LeaseholdError } from './leasehold-error.js';
import type { Loss } from './loss.js';
import type { Term } from './term.js';

/**
 * What an election tells. Each term has one `acquired` and one `lost`, in order. `error` is never
 * emitted: unheard, it would end the process. A listener that throws, or returns a promise that
 * rejects, is an uncaught exception; the others are still called.
 *
 * Each event is published on the diagnostics channel `leasehold:` and its name, as an object with
 * the `election` and the `value` that listeners are called with.
 */
export interface LeaderElectionEvents {
  /** This instance leads. A listener that is added while it leads is called with the present term. */
  acquired: [term: Term];
  /**
   * This instance no longer leads: stop the guarded work. The Lease is not released before all
   * listeners have returned, and the promises that they returned have settled, or the drain timeout
   * has passed.
   */
  lost: [loss: Loss];
  /** The Lease names another holder, or none. Tells nothing about who may act now. */
  leaderChanged: [holder: string | null];
  /** This candidate cannot read or renew the Lease, and why. Told once for each new kind of error. */
  renewalFailing: [error: LeaseholdError];
  /** The election has stopped. */
  stopped: [];
}

type Listener<E extends keyof LeaderElectionEvents> = (...what: LeaderElectionEvents[E]) => void;

/** An `EventEmitter` of these events. */
export interface ElectionEmitter extends EventEmitter {
  addListener<E extends keyof LeaderElectionEvents>(event: E, listener: Listener<E>): this;
  on<E extends keyof LeaderElectionEvents>(event: E, listener: Listener<E>): this;
  once<E extends keyof LeaderElectionEvents>(event: E, listener: Listener<E>): this;
  off<E extends keyof LeaderElectionEvents>(event: E, listener: Listener<E>): this;
  removeListener<E extends keyof LeaderElectionEvents>(event: E, listener: Listener<E>): this;
  prependListener<E extends keyof LeaderElectionEvents>(event: E, listener: Listener<E>): this;
  prependOnceListener<E extends keyof LeaderElectionEvents>(event: E, listener: Listener<E>): this;
  emit<E extends keyof LeaderElectionEvents>(event: E, ...what: LeaderElectionEvents[E]): boolean;
}
