// What an answer costs in Node, beside a look at the clock.

import { measure } from 'mitata';

import { LeaderElection } from '../../bindings-node/dist/index.mjs';
import { say } from './say.mjs';

const election = new LeaderElection({ lease: 'bench', mode: 'always' });
await election.start();
await election.waitForLeadership();

// In nanoseconds, each of a batch of many calls.
const nanoseconds = async (call) => (await measure(call, { min_cpu_time: 1e9 })).samples;
say('answer', await nanoseconds(() => election.isLeader()), 1e-9);
say('clock', await nanoseconds(() => process.hrtime.bigint()), 1e-9);
await election.stop();
process.exit();
