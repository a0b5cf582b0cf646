// Two candidates for one Lease, whose settings are in the environment: one runs the job, and hands over.

import assert from 'node:assert/strict';
import { LeaderElection } from 'leasehold';

const LIMIT_MS = 60_000;
const limit = () => ({ signal: AbortSignal.timeout(LIMIT_MS) });

// A function, since a bundle in the form of CommonJS cannot await outside of one.
async function guarded() {
  const first = await new LeaderElection().start();
  const { fencingToken } = await first.waitForLeadership(limit());
  assert.equal(await first.runIfLeader(() => 'done'), 'done');

  const second = await new LeaderElection().start();
  assert.equal(await second.runIfLeader(() => 'done twice'), undefined);
  let reason;
  first.on('lost', (loss) => (reason = loss.reason));
  await first.stop();
  assert.equal(reason, 'stopped');
  const term = await second.waitForLeadership(limit());
  assert.ok(term.fencingToken > fencingToken, `${term.fencingToken} after ${fencingToken}`);

  let answers = 0;
  const questions = 1_000_000;
  const begun = process.hrtime.bigint();
  for (let each = 0; each < questions; each += 1) answers += second.isLeader ? 1 : 0;
  const nanoseconds = Number(process.hrtime.bigint() - begun) / questions;
  assert.equal(answers, questions);

  await second.stop();
  assert.throws(() => term.check(), { code: 'leadership_lost' });
  console.log(`guarded; is-leader in ${nanoseconds.toFixed(0)} ns`);
}

guarded();
