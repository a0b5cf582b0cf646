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
    message: /^locks = `monolith`, `billing`: add `biling`/,
  });
});

test('a wrong lock is refused as a wrong lease', () => {
  assert.throws(() => clusterLeaderService({ lease: 'monolith', locks: ['Billing'] }), ConfigError);
});
