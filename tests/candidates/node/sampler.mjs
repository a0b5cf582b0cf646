// Asks an election whether it leads, and reports each change. `tests/lib.rs` says why like this.

/** How often to ask. */
export const PERIOD_MS = Number(process.env.CANDIDATE_PERIOD_MS ?? 1);

/** The time on `CLOCK_MONOTONIC`, in nanoseconds. */
export function now() {
  return process.hrtime.bigint();
}

export class Sampler {
  #election;
  #renewDeadlineMs;
  #report;
  #wasLeader = false;
  #askedAt = now();

  /** `report` is given each change of the answer, and the time that was read before it. */
  constructor(election, renewDeadlineMs, report) {
    this.#election = election;
    this.#renewDeadlineMs = renewDeadlineMs;
    this.#report = report;
  }

  get wasLeader() {
    return this.#wasLeader;
  }

  /** Asks once. */
  sample() {
    const moment = now();
    const { isLeader } = this.#election;
    const pauseMs = Number(moment - this.#askedAt) / 1e6;
    if (isLeader && this.#wasLeader && pauseMs > this.#renewDeadlineMs)
      throw new Error(`a stale answer: still the leader after a pause of ${pauseMs} ms`);
    if (isLeader !== this.#wasLeader) this.#report(isLeader, moment);
    this.#wasLeader = isLeader;
    this.#askedAt = moment;
  }
}
