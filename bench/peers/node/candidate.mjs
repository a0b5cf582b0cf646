// kubernetes-leader-election: by its events, and stopped at the end. It takes no renew deadline; its leader renews each
// retry period, and an error event must not end the process.

import { setTimeout as sleep } from 'node:timers/promises';

// Without it, it leads at once, and says nothing.
process.env.KUBERNETES_SERVICE_HOST ??= 'by KUBECONFIG';
const { Elector } = await import('@codedependant/kubernetes-leader-election');

const [lease, identity, leaseSeconds, , retrySeconds] = process.argv.slice(2);
if (retrySeconds === undefined) throw new Error('usage: candidate.mjs LEASE IDENTITY LEASE_S RENEW_S RETRY_S');
const PERIOD_MS = Number(process.env.CANDIDATE_PERIOD_MS ?? 1);

const elector = new Elector({
  auto_close: false,
  identity,
  lease_name: lease,
  namespace: 'default',
  lease_duration_sec: Number(leaseSeconds),
  renew_interval_ms: 1000 * Number(retrySeconds),
});
elector.on('error', (error) => console.error(error));
let terminated = false;
process.on('SIGTERM', () => {
  terminated = true;
});
let wasLeader = false;
say('READY', now());
await elector.start();
while (!terminated) {
  // The clock first: a pause right after the answer must not make it look younger.
  const moment = now();
  note(elector.current_leader, moment);
  await sleep(PERIOD_MS);
}
// Work stops before the Lease is released.
note(false, now());
await elector.stop();
process.exit();

function note(isLeader, moment) {
  if (isLeader !== wasLeader) {
    wasLeader = isLeader;
    say(isLeader ? 'LEADER' : 'FOLLOWER', moment);
  }
}

/** `CLOCK_MONOTONIC`, which all processes of a machine share. */
function now() {
  return process.hrtime.bigint();
}

function say(what, moment) {
  console.log(`${what} ${moment}`);
}
