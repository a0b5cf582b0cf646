// Stops under work that goes on, and exits at once.

import { LeaderElection } from 'leasehold';

const election = await new LeaderElection(JSON.parse(process.argv[2])).start();
await election.waitForLeadership();
void election.runIfLeader(() => new Promise(() => {}));
await election.stop({ drainMs: 0 });
process.exit();
