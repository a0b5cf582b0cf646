// Four workers of a cluster: one leads; when it is killed, another.

import cluster from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

const [options] = process.argv.slice(2).map((argument) => JSON.parse(argument));

if (cluster.isPrimary) {
  const workers = Array.from({ length: 4 }, () => cluster.fork());
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const leader = await oneLeader(workers);
  leader.process.kill('SIGKILL');
  await once(leader, 'exit');
  await oneLeader(workers.filter((worker) => worker !== leader));
  process.exit();
} else {
  const election = await new LeaderElection(options).start();
  process.on('message', () => process.send(election.isLeader));
  process.send('ready');
}

/** Asks all until one says that it leads. */
async function oneLeader(workers) {
  for (;;) {
    const answers = await Promise.all(workers.map(ask));
    const leaders = workers.filter((_, index) => answers[index]);
    if (leaders.length > 1) throw new Error(`${leaders.length} leaders`);
    if (leaders.length === 1) {
      console.log(`one leader of ${workers.length}`);
      return leaders[0];
    }
    await sleep(5);
  }
}

async function ask(worker) {
  const answer = once(worker, 'message');
  worker.send('do you lead?');
  return (await answer)[0];
}
