import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { election, eventually, folder, lease, program, settings } from './support.mjs';

/** Waits until the Lease has been renewed so many times. */
async function renewed(options, times) {
  const renewals = new Set();
  await eventually(
    `${times} renewals`,
    () => renewals.add(lease(options).renewTime).size > times,
  );
}

/** The program that blocks its event loop until it is let go on. */
function blocks(t, options) {
  const end = join(folder(t), 'end');
  const blocked = program(t, 'blocked.mjs', options, end);
  return { ...blocked, goOn: () => writeFileSync(end, '') };
}

// In processes of their own: the event loop that is blocked is not the one that judges.

test('a leader whose event loop is blocked still renews its Lease', async (t) => {
  const options = settings(t);
  const blocked = blocks(t, options);
  await blocked.said('leading');
  await renewed(options, 40);
  blocked.goOn();
  const { code, lines, errors } = await blocked.ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(lines, ['leading', 'still leading, in the same term']);
});

test('a leader whose event loop is blocked for longer than it may loses the Lease, and does not release it', async (t) => {
  const expiring = { leaseDurationMs: 10_000, renewDeadlineMs: 9_000 };
  const options = settings(t, { ...expiring, identity: 'a', stallTimeoutMs: 1_000 });
  const blocked = blocks(t, options);
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
  blocked.goOn();
  await blocked.said('not leading');
  await blocked.said('lost stalled');
});

test('a stall timeout of zero means no limit', async (t) => {
  const options = settings(t, { stallTimeoutMs: 0 });
  const blocked = blocks(t, options);
  await blocked.said('leading');
  await renewed(options, 10);
  blocked.goOn();
  await blocked.said('still leading, in the same term');
});

test('an event loop that turns is no stall, however short the timeout', async (t) => {
  const options = settings(t, { identity: 'a', stallTimeoutMs: 8_000 });
  const turning = await election(t, options).start();
  const term = await turning.waitForLeadership();
  await renewed(options, 45);
  assert.equal(turning.term, term);
});
