import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clusterLeaderService, ConfigError, LeaderElection } from 'leasehold';

import { eventually, lease, settings } from './support.mjs';

test('each lock is an election of its own, under the same settings', async (t) => {
  const options = settings(t, { lease: 'monolith', locks: ['billing', 'reports'] });
  const leaders = clusterLeaderService(options);
  t.after(() => leaders.stop());
  assert.equal(leaders.isThisInstanceLeader(), false);
  assert.equal(await leaders.start(), leaders);
  const leads = (lock) => () => leaders.isThisInstanceLeader(lock);
  await eventually('it leads', leads());
  await eventually('it leads billing', leads('billing'));
  await eventually('it leads reports', leads('reports'));
  assert.ok(leaders.election('billing') instanceof LeaderElection);
  assert.deepEqual([...leaders.elections.keys()], ['monolith', 'billing', 'reports']);

  leaders.election('billing').stepDown();
  await eventually('it leads billing no more', () => !leaders.isThisInstanceLeader('billing'));
  assert.equal(leaders.isThisInstanceLeader(), true);

  await leaders[Symbol.asyncDispose]();
  assert.equal(leaders.isThisInstanceLeader(), false);
  assert.equal(lease({ ...options, lease: 'reports' }).holderIdentity, '');
});

test('a lock that nobody named is an error, not a false', () => {
  const leaders = clusterLeaderService({ lease: 'monolith', mode: 'always', locks: ['billing'] });
  assert.throws(() => leaders.isThisInstanceLeader('biling'), {
    name: 'ConfigError',
    message:
      'lock = `biling`: no such lock: use one of `monolith`, `billing`, or add it to `locks`',
  });
});

test('locks that are no list, and an option that there is not, are refused', () => {
  for (const [options, message] of [
    [{ locks: 'billing' }, "locks = `billing`: use an array of names: ['billing']"],
    [{ lock: ['billing'] }, /^lock = `\[ 'billing' \]`: no such option: use one of .*`locks`$/],
    [{ locks: [5] }, /^lease = `5`: use a string/],
  ])
    assert.throws(() => clusterLeaderService({ lease: 'monolith', ...options }), {
      name: 'ConfigError',
      message,
    });
});

test('the main Lease among the locks is the main election', async (t) => {
  const leaders = clusterLeaderService({ lease: 'jobs', mode: 'always', locks: ['jobs'] });
  t.after(() => leaders.stop());
  await leaders.start();
  await eventually('it leads', () => leaders.isThisInstanceLeader());
  assert.equal(leaders.isThisInstanceLeader('jobs'), true);
});

test('a wrong lock is refused as a wrong lease', () => {
  assert.throws(() => clusterLeaderService({ lease: 'monolith', locks: ['Billing'] }), ConfigError);
});
