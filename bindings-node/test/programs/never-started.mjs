// Asks for work where nobody has called `start`, twice, and where the election has stopped.

import { LeaderElection } from 'leasehold';

const forgotten = new LeaderElection({ lease: 'jobs', mode: 'always' });
for (let i = 0; i < 2; i += 1) console.log(await forgotten.runIfLeader(() => 'runs'));
console.log(forgotten.isLeader);

const stopped = await new LeaderElection({ lease: 'stopped', mode: 'never' }).start();
await stopped.stop();
console.log(await stopped.runIfLeader(() => 'runs'));
