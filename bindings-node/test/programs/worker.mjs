// A worker thread that leads, in the way that it is told.

import { parentPort, workerData } from 'node:worker_threads';

import { LeaderElection } from 'leasehold';

const { options, how } = workerData;
const election = await new LeaderElection(options).start();

if (how === 'works') {
  await election.lead(() => {
    parentPort.postMessage('leading');
    return new Promise(() => {});
  });
} else {
  await election.ref().waitForLeadership();
  parentPort.postMessage('leading');
}

if (how === 'blocks') for (;;);
parentPort.on('message', () => {
  if (how === 'exits') process.exit();
  throw new Error('as told');
});
