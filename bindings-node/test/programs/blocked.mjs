// Leads, blocks its event loop until a file is there, and says what became of its leadership.

import { existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

const [options, end] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const election = await new LeaderElection(options).start();
const term = await election.waitForLeadership();
const lost = new Promise((resolve) => election.once('lost', resolve));

console.log('leading');
await turn();
const never = new Int32Array(new SharedArrayBuffer(4));
while (!existsSync(end)) Atomics.wait(never, 0, 0, 20);

if (election.isLeader && term.isValid) {
  console.log('still leading, in the same term');
} else {
  console.log('not leading');
  console.log(`lost ${(await lost).reason}`);
}
