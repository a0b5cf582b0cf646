import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { UnavailableError } from 'leasehold';
import { FakeLeaderElection } from 'leasehold/testing';

import { eventually, leader } from './support.mjs';

const json = (value) => JSON.parse(JSON.stringify(value));

test("a leader's term and status can be sent as JSON, with the whole token", async (t) => {
  const leading = await leader(t);
  const { term } = leading;
  assert.equal(typeof term.fencingToken, 'bigint');
  assert.deepEqual(json({ term }).term, {
    fencingToken: String(term.fencingToken),
    transitions: term.transitions,
    leaseUid: term.leaseUid,
    acquiredAt: term.acquiredAt.toISOString(),
    acquisition: 'free',
  });
  const status = leading.status();
  const { fencingToken, remainingMs, ...others } = json(status);
  assert.equal(fencingToken, String(term.fencingToken));
  assert.equal(remainingMs, status.remainingMs);
  assert.equal(others.role, 'leader');
  assert.deepEqual(Object.keys(json(status)).sort(), Object.keys(status).sort());
});

test('what an election is shows how it stands, and not how it listens', async (t) => {
  const leading = await leader(t);
  const holder = await eventually('it observes its own name', () => leading.leader);
  assert.equal(inspect(leading), `LeaderElection { lease: 'jobs', role: 'leader', holder: '${holder}' }`);
});

test('a status has why requests fail in its JSON, and no token where there is none', async () => {
  const standby = await new FakeLeaderElection().start();
  standby.fail(new UnavailableError('no network'));
  const { failing, fencingToken } = json(standby.status());
  assert.deepEqual(failing, { code: 'unavailable', message: 'no network' });
  assert.equal(fencingToken, null);
  await standby.stop();
});
