// One candidate: its election, the term that it has acquired, and what is held back for a case.

import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from '../../../bindings-node/dist/index.mjs';
import { Locking } from './locking.mjs';
import { PERIOD_MS, Sampler } from './sampler.mjs';
import { notify, optionsOf, say, wireStatus, wireTerm } from './wire.mjs';

/** Lets through one waiting promise for each `admit`. */
class Turnstile {
  #admitted = 0;
  #waiting = [];

  admit() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#admitted += 1;
  }

  async wait() {
    if (this.#admitted > 0) this.#admitted -= 1;
    else await new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Its methods are the commands of the protocol. */
export class Candidate extends Locking {
  #name;
  #election;
  /** The term that the first listener was notified of last. */
  #acquired;
  #closed = false;
  #losses = new Turnstile();
  #work = new Turnstile();

  constructor(name, { config = {}, hold_losses: holdLosses = false }) {
    super(name, config);
    this.#name = name;
    this.#election = new LeaderElection(optionsOf(config));
    this.#listen(name, holdLosses);
  }

  #listen(name, holdLosses) {
    const election = this.#election;
    election.on('acquired', (term) => {
      this.#acquired = term;
      notify(name, 'acquired', { term: wireTerm(term) });
    });
    election.on('lost', ({ term, reason, timeLeftMs }) => {
      notify(name, 'lost', { term: wireTerm(term), reason, has_time_left: timeLeftMs > 0 });
      return holdLosses ? this.#losses.wait() : undefined;
    });
    election.on('leaderChanged', (leader) => notify(name, 'leader_changed', { leader }));
    election.on('renewalFailing', ({ code, message }) => {
      notify(name, 'renewal_failing', { error: { kind: code, message } });
    });
    election.on('stopped', () => notify(name, 'stopped', {}));
  }

  async start() {
    await this.#election.start();
  }

  async stop({ drain_timeout: seconds }) {
    await this.#election.stop(seconds === undefined ? {} : { drainMs: seconds * 1000 });
  }

  request_stop() {
    const wasRunning = this.#election.status().role !== 'stopped';
    void this.#election.stop();
    return wasRunning;
  }

  step_down() {
    this.#election.stepDown();
  }

  check_health({ tolerance }) {
    this.#election.checkHealth({ toleranceMs: tolerance * 1000 });
  }

  remaining() {
    return this.#election.remainingMs / 1000;
  }

  metrics() {
    return this.#election.metrics();
  }

  is_leader() {
    return this.#election.isLeader;
  }

  leader() {
    return this.#election.leader;
  }

  term() {
    const { term } = this.#election;
    return term && wireTerm(term);
  }

  status() {
    return wireStatus(this.#election.status());
  }

  async wait_for_leadership({ timeout }) {
    const signal = AbortSignal.timeout(timeout * 1000);
    return wireTerm(await this.#election.waitForLeadership({ signal }));
  }

  async run_if_leader({ hold }) {
    const ran = await this.#election.runIfLeader(async (term) => {
      notify(this.#name, 'working', { term: wireTerm(term) });
      if (hold) await this.#work.wait();
      return true;
    });
    return ran ?? false;
  }

  async run_once({ key, hold, fails }) {
    const failure = new Error(fails);
    const work = async (term) => {
      notify(this.#name, 'working', { term: wireTerm(term) });
      if (hold) await this.#work.wait();
      if (fails) throw failure;
    };
    try {
      return await this.#election.runOnce(key, work);
    } catch (error) {
      if (error === failure) return 'failed';
      throw error;
    }
  }

  claim({ job, due, within: seconds }) {
    const moment = new Date(due);
    if (seconds === undefined) return this.#election.claim(job, moment);
    return this.#election.claimMissed(job, moment, { withinMs: seconds * 1000 });
  }

  last_firing({ job }) {
    return this.#election.lastFiring(job)?.getTime();
  }

  check_term() {
    this.#acquired.check();
  }

  sample({ renew_deadline: seconds }) {
    const candidate = this.#name;
    const sampler = new Sampler(this.#election, seconds * 1000, (isLeader, moment) =>
      say({ candidate, is_leader: isLeader, at: Number(moment) }),
    );
    void this.#sampleUntilClosed(sampler);
  }

  async #sampleUntilClosed(sampler) {
    while (!this.#closed) {
      sampler.sample();
      await sleep(PERIOD_MS);
    }
  }

  add_listener({ named }) {
    this.#listen(named, false);
  }

  acknowledge() {
    this.#losses.admit();
  }

  finish() {
    this.#work.admit();
  }

  stall({ seconds }) {
    // Blocks the event loop.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  }

  async close() {
    this.#closed = true;
    await this.#election[Symbol.asyncDispose]();
  }

  /** Lets everything through that a case has left waiting. */
  letGo() {
    this.#losses.admit();
    this.#work.admit();
  }
}
