// Pauses itself while it waits for its next step, and says whether it takes that under its term.

import { stat } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

const [options, way] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const election = await new LeaderElection(options).start();

async function work(term) {
  try {
    const pause = () => sleep(2_000, undefined, { signal: term.signal });
    // Among its I/O, as when it has nothing else to do, at the beginning of its wait.
    let wait = new Promise((resolve, reject) => {
      stat('.', () => {
        pause().then(resolve, reject);
        process.kill(process.pid, 'SIGSTOP');
      });
    });
    for (;;) {
      await wait;
      console.log(term.isValid ? 'step' : 'stale step');
      wait = pause();
    }
  } catch (error) {
    if (term.isValid) throw error;
    console.log('cut short');
  }
}

if (way === 'lead') await election.lead(work);
else for await (const term of election.terms()) await work(term);
