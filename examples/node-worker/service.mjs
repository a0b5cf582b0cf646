// A service in several replicas: its scheduled jobs run on one of them, and each tells who that is.

import { once } from 'node:events';

import express from 'express';
import { LeaderElection } from 'leasehold';
import { runCoordinator } from 'leasehold/node-cron';
import cron from 'node-cron';

const election = new LeaderElection({ lease: process.env.LEASEHOLD_LEASE ?? 'node-worker' });
election.on('acquired', ({ fencingToken }) => console.log(`leading, under token ${fencingToken}`));
election.on('lost', ({ reason }) => console.log(`no longer leading: ${reason}`));
election.on('renewalFailing', ({ message }) => console.error(message));
await election.start();

// All replicas have the schedule; only the leader runs what is due, each firing once, and the next leader
// what was missed.
cron.setRunCoordinator(
  runCoordinator(election, { missedWithinMs: 3_600_000, tasks: cron.getTasks }),
);
const billing = cron.schedule(
  process.env.SCHEDULE ?? '*/10 * * * * *',
  // As work under the term: the Lease is not given to another replica before it has ended.
  () => election.runIfLeader((term) => bill(term)),
  { name: 'billing', distributed: true },
);

const page = express()
  .get('/leader', (_request, response) => {
    const { leader, isLeader } = election;
    response.json({ leader, isLeader });
  })
  .get('/healthz', (_request, response) => {
    response.json(election.status());
  })
  .get('/metrics', (_request, response) => {
    response.type('text/plain; version=0.0.4').send(election.metrics());
  });
const server = page.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`listening on ${server.address().port}`);
});

await once(process, 'SIGTERM');
// First the work stops, then the Lease is released: another replica leads some milliseconds later.
await billing.stop();
await election.stop();
server.close();

/** The job. A long one asks between its steps whether it may go on. */
async function bill(term) {
  for (const customer of ['Ada', 'Grace']) {
    term.check();
    console.log(`billing ${customer}, under token ${term.fencingToken}`);
  }
}
