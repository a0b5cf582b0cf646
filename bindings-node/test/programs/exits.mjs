// Leads, then ends in the way that the second argument says.

import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

const [options, how] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const election = await new LeaderElection(options).start();

const WAYS = {
  async 'by-itself'() {
    await election.waitForLeadership();
  },
  async 'unref-when-told'() {
    election.ref();
    await election.waitForLeadership();
    // Nothing but the election is there to hold the process for so long.
    setTimeout(() => {
      console.log('still here');
      election.unref();
    }, 100).unref();
  },
  async wait() {
    console.log('waiting');
    await election.waitForLeadership();
    console.log('leading');
  },
  async lead() {
    console.log('waiting');
    await election.lead(() => {
      console.log('leading');
    });
  },
  async terms() {
    console.log('waiting');
    for await (const term of election.terms()) {
      console.log(term.isValid ? 'leading' : 'too late');
      break;
    }
  },
  async 'process.exit'() {
    await leading();
    process.exit(7);
  },
  async 'an uncaught exception'() {
    await leading();
    setImmediate(() => {
      throw new Error('uncaught');
    });
  },
  async 'an unhandled rejection'() {
    await leading();
    void Promise.reject(new Error('unhandled'));
  },
  async 'SIGTERM that is handled'() {
    await leading();
    process.once('SIGTERM', () => void election.stop());
    process.kill(process.pid, 'SIGTERM');
    // As long as it takes until the signal is there: an idle process would have exited before.
    await new Promise((resolve) => election.once('stopped', resolve).ref());
  },
  async 'process.exit over unfinished work'() {
    await election.lead(() => process.exit(7));
  },
  async 'process.exit over an unfinished listener'() {
    await leading();
    election.on('lost', () => sleep(60_000));
    process.exit(7);
  },
};

async function leading() {
  await election.waitForLeadership();
  election.on('lost', ({ reason }) => {
    console.log(`lost ${reason}`);
  });
}

async function killed() {
  await leading();
  process.kill(process.pid, how);
  await sleep(60_000);
}

await (WAYS[how] ?? killed)();
