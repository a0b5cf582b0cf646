// A lock for one job.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Locks } from 'leasehold';

test('one instance reports, once in a minute', async () => {
  let reports = 0;
  const report = async ({ signal, token }) => {
    reports += signal.aborted || token === 0n ? 0 : 1;
  };
  const locks = new Locks({ mode: 'always' });
  await locks.observe('nightly-report'); // at start-up

  async function nightly() {
    const lock = await locks.tryLock('nightly-report', { atLeastMs: 60_000 });
    if (!lock) return;
    try {
      await report({ signal: lock.signal, token: lock.fencingToken });
    } finally {
      await lock.release();
    }
  }

  await nightly();
  await nightly();
  assert.equal(reports, 1);
  await locks.close();
});
