import { clusterLeaderService } from 'leasehold';

const leaders = await clusterLeaderService({ lease: 'monolith', elections: ['billing'] }).start();
await leaders.election('billing').waitForLeadership();
if (leaders.isThisInstanceLeader('billing')) console.log('this instance writes the bills');
