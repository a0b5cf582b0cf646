// Compiled under `--strict`, as ES module here and as CommonJS beside it, and run.

import { LeaderElection, clusterLeaderService, LeadershipLostError } from 'leasehold';
import type { LostReason, Status, Term } from 'leasehold';
import { runCoordinator } from 'leasehold/node-cron';
import { FakeLeaderElection } from 'leasehold/testing';

const election: LeaderElection = new LeaderElection({ lease: 'jobs', mode: 'always' });
election.on('acquired', (term: Term) => term.fencingToken satisfies bigint);
election.on('lost', ({ term, reason }) => {
  term satisfies Term;
  reason satisfies LostReason;
});
election.on('leaderChanged', (holder) => holder satisfies string | null);
election.on('renewalFailing', (error) => error.code satisfies string);
// @ts-expect-error -- there is no such event
election.on('elected', (term: Term) => term.isValid);
// @ts-expect-error -- nor such an option
void (() => new LeaderElection({ lease: 'jobs', retryPeriod: 2 }));

await election.start();
const token: bigint = await election.lead((term) => term.fencingToken);
for await (const term of election.terms({ signal: AbortSignal.timeout(30_000) })) {
  if (term.fencingToken !== token) throw new LeadershipLostError('another term');
  break;
}
const status: Status = election.status();
console.log(status.role, election.isLeader, (await election.runIfLeader(() => 1)) satisfies number | undefined);
await election.stop();

const coordinator = runCoordinator(election, { missedWithinMs: 60_000, tasks: () => new Map() });
coordinator satisfies { shouldRun(key: string, ttlMs: number): boolean | Promise<boolean> };
const begun: boolean = await election.claim('bill', new Date(0)).catch(() => false);
if (begun) throw new LeadershipLostError('it has been stopped');

const fake = await new FakeLeaderElection().start();
fake.acquire();
const leaders = clusterLeaderService({ lease: 'jobs', mode: 'never', elections: ['billing'] });
console.log(fake instanceof LeaderElection, leaders.isThisInstanceLeader('billing'));
await fake.stop();
