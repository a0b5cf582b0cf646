// Leads, blocks its event loop for as long as it is told, and says what became of its leadership.

import { setImmediate as turn } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

const [options, blockedMs] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const election = await new LeaderElection(options).start();
const term = await election.waitForLeadership();
const lost = new Promise((resolve) => election.once('lost', resolve));

console.log('leading');
await turn();
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockedMs);

if (election.isLeader && term.isValid) {
  console.log('still leading, in the same term');
} else {
  console.log('not leading');
  console.log(`lost ${(await lost).reason}`);
}
