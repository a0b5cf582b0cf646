import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClosedError, LeaderElection, LeadershipLostError, TimedOutError } from 'leasehold';

import { election, eventually, leader, lease, settings } from './support.mjs';

test('an election that was not started answers no, and says so', (t) => {
  const idle = election(t);
  assert.equal(idle.isLeader, false);
  assert.equal(idle.term, null);
  assert.equal(idle.leader, null);
  assert.equal(idle.remainingMs, 0);
  assert.equal(idle.status().role, 'stopped');
  assert.equal(idle.status().identity, null);
  assert.match(idle.status().whyNotLeading, /not been started/);
});

test('start resolves with the election, which leads when nobody else does', async (t) => {
  const options = settings(t, { identity: 'a' });
  const started = election(t, options);
  assert.equal(await started.start(), started);
  const term = await started.waitForLeadership();
  assert.equal(started.isLeader, true);
  assert.equal(started.term, term);
  assert.equal(typeof term.fencingToken, 'bigint');
  assert.equal(term.isValid, true);
  assert.ok(term.remainingMs > 0 && term.remainingMs <= options.renewDeadlineMs);
  assert.ok(Math.abs(Date.now() - term.acquiredAt.getTime()) < 60_000);
  assert.match(term.leaseUid, /^[0-9a-f-]{36}$/);
  await eventually('it observes its own name', () => started.leader === 'a');
  const status = started.status();
  assert.equal(status.role, 'leader');
  assert.equal(status.fencingToken, term.fencingToken);
  assert.match(started.metrics(), /leader_election_master_status\{name="jobs"\} 1/);
});

test('starting twice and stopping twice is one start and one stop', async (t) => {
  const twice = election(t);
  await Promise.all([twice.start(), twice.start()]);
  await twice.waitForLeadership();
  await twice.start();
  assert.equal(twice.isLeader, true);
  await Promise.all([twice.stop(), twice.stop()]);
  assert.equal(twice.isLeader, false);
  await twice.stop();
});

test('a start while it stops is a start when it has stopped', async (t) => {
  const again = await leader(t);
  const { fencingToken } = again.term;
  const stopped = again.stop();
  const started = again.start();
  const stoppedAsWell = again.stop();
  await Promise.all([stopped, started, stoppedAsWell]);
  const term = await again.waitForLeadership();
  assert.ok(term.fencingToken > fencingToken);
});

test('a listener that a stop waits for does not wait for the stop', async (t) => {
  const stopping = await leader(t, settings(t, { drainTimeoutMs: 3_600_000 }));
  let refused;
  stopping.on('lost', async () => {
    refused = await stopping.start().catch((error) => error);
  });
  await stopping.stop();
  assert.ok(refused instanceof ClosedError, refused);
  assert.match(refused.message, /waits for its listeners/);
});

test('a stop while it starts is a stop when it has started', async (t) => {
  const brief = election(t);
  const started = brief.start();
  await brief.stop();
  await started;
  assert.equal(brief.status().role, 'stopped');
});

test('a start that fails says why, and may be tried again', async (t) => {
  const failing = election(t, { ...settings(t), mode: 'kubernetes', kubeconfig: '/nowhere' });
  for (let attempt = 0; attempt < 2; attempt += 1)
    await assert.rejects(failing.start(), { name: 'ConfigError', message: /kubeconfig = \/nowhere/ });
  await assert.rejects(failing.waitForLeadership(), ClosedError);
});

test('a stop releases the Lease, and its term is over', async (t) => {
  const options = settings(t);
  const stopped = await leader(t, options);
  const { term } = stopped;
  await stopped.stop();
  assert.equal(lease(options).holderIdentity, '');
  assert.equal(term.isValid, false);
  assert.equal(term.remainingMs, 0);
  assert.equal(term.signal.aborted, true);
  assert.throws(() => term.check(), LeadershipLostError);
  assert.ok(term.signal.reason instanceof LeadershipLostError);
});

test('await using stops at the end of its block', async (t) => {
  const options = settings(t);
  const scoped = await leader(t, options);
  await scoped[Symbol.asyncDispose]();
  assert.equal(lease(options).holderIdentity, '');
});

test('a leader that steps down gives the Lease to another', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const second = await election(t, options).start();
  first.stepDown();
  await second.waitForLeadership();
  assert.equal(first.isLeader, false);
});

test('a wait is ended by its signal, or by a stop', async (t) => {
  const standby = await election(t, { lease: 'jobs', mode: 'never' }).start();
  await assert.rejects(standby.waitForLeadership({ signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
  await assert.rejects(standby.waitForLeadership({ signal: AbortSignal.timeout(1) }), (error) => {
    assert.ok(error instanceof TimedOutError);
    assert.match(error.message, /not the leader of `jobs` after .*: .*never/);
    return true;
  });
  const wait = assert.rejects(standby.waitForLeadership(), ClosedError);
  await standby.stop();
  await wait;
});

test('a wait that was ended leads nobody on when leadership comes', async (t) => {
  const waiting = await leader(t);
  await assert.rejects(waiting.waitForLeadership({ signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
});

test('a drain limit that is no time is refused', async (t) => {
  const running = await leader(t);
  await assert.rejects(running.stop({ drainMs: -1 }), { message: /^drainMs = `-1`: / });
  assert.equal(running.isLeader, true);
});

test('an election is healthy whether it runs, leads or follows', async (t) => {
  const options = settings(t);
  const idle = election(t, options);
  const first = await leader(t, options);
  const second = await election(t, options).start();
  for (const healthy of [idle, first, second]) healthy.checkHealth({ toleranceMs: 10_000 });
  const wrong = { name: 'ConfigError', message: /^toleranceMs = `5s`: use milliseconds/ };
  assert.throws(() => first.checkHealth({ toleranceMs: '5s' }), wrong);
});

test('elections for several Leases lead independently', async (t) => {
  const options = settings(t);
  const billing = await leader(t, { ...options, lease: 'billing' });
  const reports = await leader(t, { ...options, lease: 'reports' });
  await billing.stop();
  assert.equal(reports.isLeader, true);
  assert.ok(billing instanceof LeaderElection);
});
