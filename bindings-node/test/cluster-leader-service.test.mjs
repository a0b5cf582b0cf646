import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clusterLeaderService, ConfigError, LeaderElection } from 'leasehold';

import { eventually, lease, settings } from './support.mjs';

test('each name is an election of its own, under the same settings', async (t) => {
  const options = settings(t, { lease: 'monolith', elections: ['billing', 'reports'] });
  const leaders = clusterLeaderService(options);
  t.after(() => leaders.stop());
  assert.equal(leaders.isThisInstanceLeader(), false);
  assert.equal(await leaders.start(), leaders);
  const leads = (name) => () => leaders.isThisInstanceLeader(name);
  await eventually('it leads', leads());
  await eventually('it leads billing', leads('billing'));
  await eventually('it leads reports', leads('reports'));
  assert.ok(leaders.election('billing') instanceof LeaderElection);
  assert.deepEqual([...leaders.elections.keys()], ['monolith', 'billing', 'reports']);

  leaders.election('billing').stepDown();
  await eventually('it no longer leads billing', () => !leaders.isThisInstanceLeader('billing'));
  assert.equal(leaders.isThisInstanceLeader(), true);

  await leaders[Symbol.asyncDispose]();
  assert.equal(leaders.isThisInstanceLeader(), false);
  assert.equal(lease({ ...options, lease: 'reports' }).holderIdentity, '');
});

test('an election that nobody named is an error, not a false', () => {
  const leaders = clusterLeaderService({ lease: 'monolith', mode: 'always', elections: ['billing'] });
  assert.throws(() => leaders.isThisInstanceLeader('biling'), {
    name: 'ConfigError',
    message:
      'election = `biling`: no such election: use one of `monolith`, `billing`, or add it to `elections`',
  });
});

test('elections that are no list, and an option that there is not, are refused', () => {
  for (const [options, message] of [
    [{ elections: 'billing' }, "elections = `billing`: use an array of names: ['billing']"],
    [{ election: ['billing'] }, /^election = `\[ 'billing' \]`: no such option: use one of .*`elections`$/],
    [{ elections: [5] }, /^lease = `5`: use a string/],
  ])
    assert.throws(() => clusterLeaderService({ lease: 'monolith', ...options }), {
      name: 'ConfigError',
      message,
    });
});

test('the main Lease among the elections is the main election', async (t) => {
  const leaders = clusterLeaderService({ lease: 'jobs', mode: 'always', elections: ['jobs'] });
  t.after(() => leaders.stop());
  await leaders.start();
  await eventually('it leads', () => leaders.isThisInstanceLeader());
  assert.equal(leaders.isThisInstanceLeader('jobs'), true);
});

test('a wrong name is refused as a wrong lease', () => {
  assert.throws(() => clusterLeaderService({ lease: 'monolith', elections: ['Billing'] }), ConfigError);
});
