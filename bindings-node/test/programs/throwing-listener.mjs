// A listener throws, another returns a promise that rejects, and a third is still called.

import { LeaderElection } from 'leasehold';

process.on('uncaughtException', (error) => {
  console.log(String(error));
});

const election = new LeaderElection({ lease: 'jobs', mode: 'always' });
election.on('acquired', () => {
  throw new Error('from a listener');
});
election.on('acquired', async () => {
  throw new Error('from a promise');
});
election.on('acquired', () => {
  console.log('told');
});
await election.start();
await election.lead(() => undefined);
await election.stop();
