// The lock that is called as the candidate's Lease.

import { Locks } from '../../../bindings-node/dist/index.mjs';
import { notify, optionsOf, wireTerm } from './wire.mjs';

/** Its methods are the commands about that lock. */
export class Locking {
  #candidate;
  #lease;
  #config;
  #locks;
  #held;

  constructor(candidate, { lease, ...config }) {
    this.#candidate = candidate;
    this.#lease = lease;
    this.#config = config;
  }

  get #made() {
    this.#locks ??= new Locks(optionsOf(this.#config));
    return this.#locks;
  }

  async observe() {
    await this.#made.observe(this.#lease);
  }

  async try_lock(limits) {
    const held = await this.#made.tryLock(this.#lease, limitsOf(limits));
    return held && this.#keep(held);
  }

  async lock({ timeout, ...limits }) {
    const options = { timeoutMs: timeout * 1000, ...limitsOf(limits) };
    return this.#keep(await this.#made.lock(this.#lease, options));
  }

  #keep(held) {
    this.#held = held;
    void held.lost().then(({ term, reason, timeLeftMs }) => {
      notify(this.#candidate, 'lost', { term: wireTerm(term), reason, has_time_left: timeLeftMs > 0 });
    });
    return wireTerm(held.term);
  }

  is_held() {
    return this.#held?.isHeld ?? false;
  }

  async release() {
    return (await this.#held?.release()) ?? false;
  }

  async close_locks() {
    await this.#made.close();
  }
}

function limitsOf({ at_most: atMost, at_least: atLeast = 0 }) {
  return {
    atMostMs: atMost === undefined ? undefined : atMost * 1000,
    atLeastMs: atLeast * 1000,
  };
}
