// As `consumer.mts`, as CommonJS.

import { LeaderElection } from 'leasehold';
import testing = require('leasehold/testing');

async function main(): Promise<void> {
  const election: LeaderElection = new LeaderElection({ lease: 'jobs', mode: 'always' });
  await election.start();
  const token: bigint = await election.lead((term) => term.fencingToken);
  console.log(election.status().role, election.isLeader, Number(token > 0n));
  await election.stop();
  const esm = await import('leasehold');
  console.log(new testing.FakeLeaderElection() instanceof esm.LeaderElection, false);
}

void main();
