// `candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S`: the Node candidate of the cluster tests.
//
// The contract that it keeps, as the candidates of the other languages do, stands in
// `tests/candidates/src/lib.rs`. On its standard error it says what it is told, and why it does not lead.

import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from '../../../bindings-node/dist/index.mjs';

/** How often the candidate asks itself whether it leads. */
const POLL_PERIOD_MS = 1;

const [lease, identity, ...timing] = process.argv.slice(2);
if (timing.length !== 3) throw new Error('usage: candidate LEASE IDENTITY LEASE_S RENEW_S RETRY_S');
const [leaseDurationMs, renewDeadlineMs, retryPeriodMs] = timing.map((seconds) => seconds * 1e3);
const mode = 'kubernetes';
const settings = { lease, identity, mode, leaseDurationMs, renewDeadlineMs, retryPeriodMs };

let terminated = false;
process.once('SIGTERM', () => (terminated = true));

const election = new LeaderElection(settings);
election.on('lost', ({ reason }) => console.error(`no longer leading reason=${reason}`));
election.on('leaderChanged', (holder) => console.error(`the holder has changed holder="${holder}"`));
election.on('renewalFailing', ({ message }) => console.error(`cannot acquire or renew: ${message}`));
await election.start();
say('READY', now());

let wasLeader = false;
let askedAt = now();
while (!terminated) {
  // The clock first: a pause right after the answer must not make it look younger.
  const moment = now();
  const { isLeader } = election;
  const pauseMs = Number(moment - askedAt) / 1e6;
  if (isLeader && wasLeader && pauseMs > renewDeadlineMs)
    throw new Error(`a stale answer: still the leader after a pause of ${pauseMs} ms`);
  if (isLeader !== wasLeader) say(isLeader ? 'LEADER' : 'FOLLOWER', moment);
  wasLeader = isLeader;
  askedAt = moment;
  await sleep(POLL_PERIOD_MS);
}
const stopped = election.stop();
if (wasLeader) {
  // The core's thread turns the answer, so nothing here has to turn meanwhile.
  while (election.isLeader);
  say('FOLLOWER', now());
}
await stopped;

/** The time on the clock of the one who judges (`CLOCK_MONOTONIC`), in nanoseconds. */
function now() {
  return process.hrtime.bigint();
}

function say(what, moment) {
  process.stdout.write(`${what} ${moment}\n`);
}
