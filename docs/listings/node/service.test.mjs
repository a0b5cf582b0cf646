// What the documentation shows of several Leases.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { clusterLeaderService } from 'leasehold';

test('a service has several Leases', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-documentation-'));
  t.after(() => rmSync(directory, { recursive: true }));
  process.env.LEASEHOLD_MODE = 'file';
  process.env.LEASEHOLD_DIRECTORY = directory;

  const leaders = await clusterLeaderService({ lease: 'monolith', locks: ['billing'] }).start();
  await leaders.election('billing').waitForLeadership();
  if (leaders.isThisInstanceLeader('billing')) console.log('this instance writes the bills');

  assert.equal(leaders.isThisInstanceLeader('billing'), true);
  await leaders.stop();
});
