import { LeaderElection } from 'leasehold';

const election = await new LeaderElection({ lease: 'monolith-jobs' }).start();
setInterval(() => {
  // Runs on one replica only. The Lease is not given to another before the promise has settled.
  election.runIfLeader((term) => console.log(`the job, under token ${term.fencingToken}`));
}, 1000);
const stop = () => election.stop().then(() => process.exit());
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
