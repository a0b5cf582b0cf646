// The Node service of the demo. On the leader it runs a job each second, once.

import { once } from 'node:events';
import { appendFileSync } from 'node:fs';

import { LeaderElection } from 'leasehold';

const { DEMO_LEDGER, LEASEHOLD_IDENTITY } = process.env;

const election = new LeaderElection({ lease: 'demo-jobs' });
election.on('acquired', (term) => note('acquired', term.fencingToken));
election.on('lost', ({ term, reason }) => note('lost', term.fencingToken, reason));
await election.start();
note('ready');

let last = 0;
const schedule = setInterval(() => election.runIfLeader(run), 50);

await once(process, 'SIGTERM');
clearInterval(schedule);
await election.stop();

function run(term) {
  const due = Math.floor(Date.now() / 1000);
  // It belongs to the leader of that time, which may have done it before this one led.
  if (due <= last || due * 1000 <= term.acquiredAt) return;
  last = due;
  note('run', term.fencingToken, due);
}

/** Writes a line into the ledger that all processes share. */
function note(...words) {
  const line = [process.hrtime.bigint(), LEASEHOLD_IDENTITY, ...words].join(' ');
  appendFileSync(DEMO_LEDGER, `${line}\n`);
}
