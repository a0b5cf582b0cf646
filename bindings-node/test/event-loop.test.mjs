import assert from 'node:assert/strict';
import { test } from 'node:test';

import { election, eventually, EXPIRING, lease, program, settings } from './support.mjs';

// In processes of their own: the event loop that is blocked is not the one that judges.

test('a leader whose event loop is blocked for 20 s keeps a Lease of 8 s', async (t) => {
  const options = settings(t, { identity: 'a', leaseDurationMs: 8_000, renewDeadlineMs: 6_000 });
  const blocked = program(t, 'blocked.mjs', options, 20_000);
  await blocked.said('leading');
  // Would lead, if it could.
  await election(t, { ...options, identity: 'b' }).start();
  const { code, lines, errors } = await blocked.ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(lines, ['leading', 'still leading, in the same term']);
});

test('a leader whose event loop is blocked for longer than it may loses the Lease, and does not release it', async (t) => {
  const options = settings(t, { ...EXPIRING, identity: 'a', stallTimeoutMs: 1_000 });
  const blocked = program(t, 'blocked.mjs', options, 12_000);
  await blocked.said('leading');
  let holderWhileFree;
  const standby = election(t, { ...options, identity: 'b', stallTimeoutMs: 0 });
  await standby.start();
  const wait = standby.waitForLeadership();
  const watch = setInterval(() => {
    const { holderIdentity } = lease(options);
    if (holderIdentity !== 'b') holderWhileFree = holderIdentity;
  }, 20);
  await wait;
  clearInterval(watch);
  assert.equal(holderWhileFree, 'a', 'it expired under its holder');
  await blocked.said('not leading');
  await blocked.said('lost stalled');
});

test('a stall timeout of zero means no limit', async (t) => {
  const options = settings(t, { stallTimeoutMs: 0 });
  const blocked = program(t, 'blocked.mjs', options, 4_000);
  await blocked.said('still leading, in the same term');
});

test('an event loop that turns is no stall, however short the timeout', async (t) => {
  const options = settings(t, { identity: 'a', stallTimeoutMs: 3_000 });
  const turning = await election(t, options).start();
  const term = await turning.waitForLeadership();
  const renewals = new Set();
  await eventually('many renewals', () => renewals.add(lease(options).renewTime).size > 30);
  assert.equal(turning.term, term);
});
