// One candidate, by five arguments.

import { LeaderElection } from '../../../bindings-node/dist/index.mjs';
import { now, Sampler } from './sampler.mjs';

export async function takePart(lease, identity, ...timing) {
  const [leaseDurationMs, renewDeadlineMs, retryPeriodMs] = timing.map((seconds) => seconds * 1e3);
  const mode = 'kubernetes';
  const settings = { lease, identity, mode, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  let terminated = false;
  process.once('SIGTERM', () => (terminated = true));
  const election = new LeaderElection(settings);
  await election.start();
  say('READY', now());
  const sampler = new Sampler(election, renewDeadlineMs, (isLeader, moment) =>
    say(isLeader ? 'LEADER' : 'FOLLOWER', moment),
  );
  await sampler.run(() => terminated);
  const stopped = election.stop();
  sampler.runOut();
  await stopped;
}

function say(what, moment) {
  process.stdout.write(`${what} ${moment}\n`);
}
