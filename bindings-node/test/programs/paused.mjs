// Takes a step now and then while it leads, and says whether it did so under its term.

import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

const [options, way] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const election = await new LeaderElection(options).start();

async function work(term) {
  try {
    for (;;) {
      await sleep(500, undefined, { signal: term.signal });
      console.log(term.isValid ? 'step' : 'stale step');
    }
  } catch (error) {
    if (term.isValid) throw error;
    console.log('cut short');
  }
}

if (way === 'lead') await election.lead(work);
else for await (const term of election.terms()) await work(term);
