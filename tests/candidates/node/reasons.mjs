// Why a candidate does not lead, on its standard error.

/** A look takes a lock and memory: not at each answer. */
const ANSWERS_PER_LOOK = 50;

export class Reasons {
  #answers = 0;
  #written = '';

  /** Writes a reason that is new. That a countdown goes on is no news. */
  lookAt(election) {
    this.#answers += 1;
    if (this.#answers % ANSWERS_PER_LOOK !== 0) return;
    const reason = election.status().whyNotLeading ?? '';
    const essence = reason.replaceAll(/\d/g, '');
    if (reason !== '' && essence !== this.#written) console.error(`not leading: ${reason}`);
    this.#written = essence;
  }
}
