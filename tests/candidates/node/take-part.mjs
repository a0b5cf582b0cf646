// One candidate, by five arguments.

import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from '../../../bindings-node/dist/index.mjs';
import { Reasons } from './reasons.mjs';
import { now, PERIOD_MS, Sampler } from './sampler.mjs';

export async function takePart(lease, identity, ...timing) {
  const [leaseDurationMs, renewDeadlineMs, retryPeriodMs] = timing.map((seconds) => seconds * 1e3);
  const settings = { lease, identity, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  let terminated = false;
  process.once('SIGTERM', () => (terminated = true));
  const election = new LeaderElection(settings);
  await election.start();
  say('READY', now());
  const sampler = new Sampler(election, renewDeadlineMs, (isLeader, moment) =>
    say(isLeader ? 'LEADER' : 'FOLLOWER', moment),
  );
  const reasons = new Reasons();
  while (!terminated) {
    sampler.sample();
    reasons.lookAt(election);
    await sleep(PERIOD_MS);
  }
  const stopped = election.stop();
  // The core's thread turns the answer, so nothing here has to turn meanwhile.
  while (sampler.wasLeader) sampler.sample();
  await stopped;
}

function say(what, moment) {
  process.stdout.write(`${what} ${moment}\n`);
}
