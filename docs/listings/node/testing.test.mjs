import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FakeLeaderElection } from 'leasehold/testing';

import { bill } from './bill.mjs';

test('only the leader bills', async () => {
  const election = await new FakeLeaderElection().start();
  election.acquire();
  assert.equal(await bill(election), 'billed');
  election.lose('expired');
  assert.equal(await bill(election), 'left to another');
});
