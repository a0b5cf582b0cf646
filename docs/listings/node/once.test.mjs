// What the documentation shows of work that runs once.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { LeaderElection } from 'leasehold';

/** Nothing expires while a test runs. */
const lasting = { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 };

test('a migration runs once for each version', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-documentation-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const options = { lease: 'shop-migration', mode: 'file', directory, ...lasting };
  const election = new LeaderElection(options);
  const version = '1.4.2';
  let migrations = 0;
  const migrate = async () => (migrations += 1);

  const here = await election.runOnce(version, (term) => migrate({ fence: term.fencingToken }));

  assert.equal(here, true);
  assert.equal(await election.runOnce(version, migrate), false);
  assert.equal(migrations, 1);
});
