// Several processes of one program whose jobs are counted: each piece of work is done once, no matter what
// happens to the process that does it.
//
// They elect on a real API server where REPLICA_KUBECONFIG says how to reach it; else in a folder. The one that is
// cut off has a network of its own, one for each framework: REPLICA_NEST_KUBECONFIG and its like say so.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { eventually, folder, program } from './support.mjs';

/** How often each job is done before somebody is believed to do it. */
const SOME = 2;

/** Who works after another does so because that one has released. */
export const RELEASED = { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 };
/** Long enough that a busy machine does not end a term. */
export const EXPIRING = { leaseDurationMs: 12_000, renewDeadlineMs: 9_000, retryPeriodMs: 1_000 };

/** Why tests of a partition are left out, if they are. */
export const skip = process.env.REPLICA_KUBECONFIG === undefined && 'a folder has no network';

/**
 * Starts processes of a framework's program, by their names, which compete for one Lease and do these jobs. The
 * Lease is called as the framework and the fault.
 */
export function replicas(t, { framework, script, jobs }, fault, times) {
  const ledgers = new Ledgers(t, jobs);
  const leases = folder(t);
  const network = `REPLICA_${framework.toUpperCase().replaceAll('-', '_')}`;
  const start = async (name, others = {}) => {
    const way = fault === 'cut-off' && name === 'first' ? network : 'REPLICA';
    const kubeconfig = process.env[`${way}_KUBECONFIG`];
    const access = kubeconfig ? { mode: 'kubernetes', kubeconfig } : { mode: 'file', directory: leases };
    const lease = `${framework}-${fault}`;
    const options = { name, folder: ledgers.folder, lease, ...access, ...times, ...others };
    const replica = program(t, script, options);
    await replica.said('started');
    return replica;
  };
  /** Makes the network of the first silent, or heals it. */
  const isCutOff = async (cut) => {
    const toxics = process.env[`${network}_TOXICS`];
    for (const stream of ['upstream', 'downstream']) {
      const body = JSON.stringify({ type: 'timeout', stream, attributes: { timeout: 0 } });
      const answer = cut
        ? await fetch(toxics, { method: 'POST', body })
        : await fetch(`${toxics}/timeout_${stream}`, { method: 'DELETE' });
      assert.ok(answer.ok);
    }
  };
  return { ledgers, start, isCutOff };
}

/** What has been done, and by whom. */
class Ledgers {
  #t;
  #jobs;

  constructor(t, jobs) {
    this.#t = t;
    this.#jobs = jobs;
    this.folder = folder(t);
    for (const job of jobs) writeFileSync(join(this.folder, job), '');
  }

  #of(job) {
    const lines = readFileSync(join(this.folder, job), 'utf8').trimEnd().split('\n').filter(Boolean);
    return lines.map((line) => line.split(' ')).map(([done, by, token, due]) => ({ done, by, token, due }));
  }

  /** Waits until this replica has done some more of each job. */
  async goesOn(name) {
    const count = (job) => this.#of(job).filter(({ by }) => by === name).length;
    const wanted = new Map(this.#jobs.map((job) => [job, count(job) + SOME]));
    await eventually(`${name} works`, () => this.#jobs.every((job) => count(job) >= wanted.get(job)));
  }

  /** Each piece of work was done once, by one replica after the other, under tokens that grow. */
  wereFilledBy(...turns) {
    for (const job of this.#jobs) {
      const done = this.#of(job);
      assert.deepEqual(done.map(({ done }) => Number(done)), done.map((_, index) => index + 1), job);
      const terms = done.filter(({ by, token }, index) => {
        const last = done[index - 1];
        return by !== last?.by || token !== last.token;
      });
      // On a busy machine one may have two terms.
      const names = terms.map(({ by }) => by).filter((by, index, all) => by !== all[index - 1]);
      assert.deepEqual(names, turns, job);
      const tokens = terms.map(({ token }) => BigInt(token));
      assert.ok(tokens.every((token, index) => index === 0 || token > tokens[index - 1]), job);
      const firings = done.map(({ due }) => due).filter((due) => due !== '-');
      assert.deepEqual(firings, [...new Set(firings)].sort(), `${job}: a firing was run twice`);
    }
    const counts = this.#jobs.map((job) => `${this.#of(job).length} × ${job}`);
    this.#t.diagnostic(`${counts.join(', ')}: none twice`);
  }
}
