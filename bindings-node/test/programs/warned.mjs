// Leads without asking anybody, of which the core warns, in this thread and then in another.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { LeaderElection } from 'leasehold';

const election = await new LeaderElection({ lease: 'jobs', mode: 'always' }).start();
await election.lead(() => undefined);
const worker = new Worker(`const { LeaderElection } = require('leasehold');
  const election = new LeaderElection({ lease: 'jobs', mode: 'never' });
  election.start().then(() => election.stop());`, { eval: true });
await once(worker, 'exit');
await election.stop();
