// A service with node-cron of which several run.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';
import { runCoordinator } from 'leasehold/node-cron';
import cron from 'node-cron';

import { work } from './ledger.mjs';

const [{ lateMs, name, folder, ...options }] = process.argv.slice(2).map((argument) => JSON.parse(argument));

const election = new LeaderElection(options);
await election.start();
const coordinator = runCoordinator(election);
cron.setRunCoordinator({
  // As where a clock is late.
  shouldRun: async (key) => {
    await sleep(lateMs);
    return coordinator.shouldRun(key);
  },
  onComplete: (key) => coordinator.onComplete(key),
});
const bill = ({ date }) => work({ name, folder }, 'bill', election, date);
const task = cron.schedule('* * * * * *', bill, { name: 'bill', distributed: true });
console.log('started');
await once(process, 'SIGTERM');
await task.stop();
await election.stop();
