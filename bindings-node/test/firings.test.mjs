import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { ClosedError, ConfigError, LeadershipLostError } from 'leasehold';
import { FakeLeaderElection } from 'leasehold/testing';

import { FakeEngine } from '../dist/fake-engine.js';
import { LIMIT_MS, election, eventually, leader, settings as place } from './support.mjs';

const DUE = new Date('2024-02-29T03:00:00.123Z');
const NEXT_DAY = new Date('2024-03-01T03:00:00.123Z');
const HOUR = { withinMs: 3_600_000 };
const EVER = { withinMs: Number.MAX_SAFE_INTEGER };

/** Of candidates for one Lease, which expires in none of these tests. */
const settings = (t) => place(t, { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 });

test('a firing is begun once by one leader, and not by the next', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  assert.equal(first.lastFiring('bill'), null);
  assert.equal(await first.claimMissed('bill', DUE, EVER), false, 'it is new, so it has missed nothing');
  const claims = [DUE, DUE, new Date(DUE)].map((due) => first.claim('bill', due));
  assert.deepEqual((await Promise.all(claims)).sort(), [false, false, true]);
  await first.stop();

  const second = await leader(t, options);
  assert.equal(await second.claim('bill', DUE), false);
  assert.equal(await second.claim('bill', new Date(DUE - 1)), false);
  assert.deepEqual(second.lastFiring('bill'), DUE);
  assert.equal(await second.claimMissed('bill', NEXT_DAY, HOUR), false);
  assert.equal(await second.claimMissed('bill', NEXT_DAY, EVER), true);
  assert.equal(await second.claimMissed('bill', NEXT_DAY, EVER), false);
  assert.deepEqual(second.lastFiring('bill'), NEXT_DAY);
});

test('who does not lead begins nothing', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const second = election(t, options);
  await assert.rejects(second.claim('bill', DUE), ClosedError);
  await second.start();
  await eventually('it sees the leader', () => second.leader);
  await assert.rejects(second.claim('bill', DUE), LeadershipLostError);
  assert.equal(await first.claim('bill', DUE), true);
});

test('what is claimed just before a term begins is not begun', async (t) => {
  const fake = await new FakeLeaderElection().start();
  fake.acquire();
  // The engine leads a moment after it was asked.
  const asked = t.mock.method(FakeEngine.prototype, 'term', () => null);
  const early = fake.claim('bill', DUE);
  asked.mock.restore();
  await assert.rejects(early, (error) => {
    assert.ok(error instanceof LeadershipLostError);
    assert.match(error.message, /^not the leader of `[^`]+`: /);
    return true;
  });
  assert.equal(fake.lastFiring('bill'), null);
  assert.equal(await fake.claim('bill', DUE), true);
  await fake.stop();
});

test('what is no job, no date and no time is refused', async (t) => {
  const made = await leader(t, settings(t));
  await assert.rejects(made.claim('', DUE), ConfigError);
  await assert.rejects(made.claim(1, DUE), ConfigError);
  assert.throws(() => made.lastFiring('with spaces'), ConfigError);
  await assert.rejects(made.claim('bill', DUE.getTime()), { code: 'config', message: /due = `1709175600123`/ });
  await assert.rejects(made.claim('bill', new Date(NaN)), ConfigError);
  const ahead = new Date(Date.now() + 3_600_000);
  await assert.rejects(made.claim('bill', ahead), { code: 'config', message: /the schedule has this firing/ });
  await assert.rejects(made.claim('bill', new Date(-1)), ConfigError);
  await assert.rejects(made.claim('bill', new Date(8.64e15)), ConfigError);
  await assert.rejects(made.claimMissed('bill', DUE), ConfigError);
  await assert.rejects(made.claimMissed('bill', DUE, { withinMs: -1 }), ConfigError);
  assert.equal(await made.claim('bill', DUE), true, 'nothing of that counts as begun');
});

test('a date may come from another realm', async (t) => {
  const made = await leader(t, settings(t));
  assert.equal(await made.claim('bill', runInNewContext('new Date(1)')), true);
  assert.deepEqual(made.lastFiring('bill'), new Date(1));
});

/** Blocks the event loop until the firing is recorded, and what says so waits to be taken in. */
function blockUntilBegun({ directory }) {
  const lease = join(directory, 'default', 'jobs', 'lease.json');
  const deadline = Date.now() + LIMIT_MS;
  while (!readFileSync(lease, 'utf8').includes('leasehold.io/firings')) {
    assert.ok(Date.now() < deadline, 'it has not begun');
  }
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
}

test('a firing is not run under a term that has ended while the event loop was blocked', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const stale = first.claim('bill', DUE);
  blockUntilBegun(options);
  first.stepDown();
  await assert.rejects(stale, (error) => {
    assert.ok(error instanceof LeadershipLostError);
    assert.match(error.message, /`bill` at 2024-02-29T03:00:00.123Z is not to run here, and may count as begun/);
    return true;
  });
});

test('a claim is answered though the election is stopped meanwhile', async (t) => {
  const first = await leader(t, settings(t));
  const claims = [1, 2, 3].map((day) => first.claim('bill', new Date(day)).catch(({ code }) => code));
  await first.stop();
  for (const outcome of await Promise.all(claims)) {
    assert.ok([true, false, 'leadership_lost', 'closed'].includes(outcome), outcome);
  }
});

test('in mode always nothing is remembered', async (t) => {
  const made = await leader(t);
  assert.equal(await made.claim('bill', DUE), true);
  assert.equal(await made.claim('bill', DUE), true);
  assert.equal(await made.claimMissed('bill', NEXT_DAY, EVER), false);
  assert.equal(made.lastFiring('bill'), null);
});

test('a fake election claims when the test lets it lead, and remembers it', async (t) => {
  const fake = new FakeLeaderElection();
  await assert.rejects(fake.claim('bill', DUE), ClosedError);
  await fake.start();
  await assert.rejects(fake.claim('bill', DUE), LeadershipLostError);
  fake.acquire();
  assert.equal(await fake.claimMissed('bill', DUE, EVER), false);
  assert.equal(await fake.claim('bill', DUE), true);
  assert.equal(await fake.claim('bill', DUE), false);
  assert.equal(await fake.claim('report', DUE), true);
  assert.deepEqual(fake.lastFiring('bill'), DUE);
  assert.equal(await fake.claimMissed('bill', NEXT_DAY, HOUR), false);
  assert.equal(await fake.claimMissed('bill', NEXT_DAY, EVER), true);
  await assert.rejects(fake.claim('no job', DUE), ConfigError);
  await assert.rejects(fake.claim('bill', new Date(Date.now() + 3_600_000)), ConfigError);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 86_400_000 });
  assert.equal(await fake.claim('ahead', new Date()), true);
  t.mock.timers.reset();
  const left = { code: 'config', message: /^job = `ahead`: its firing at .+ is ahead: here it is / };
  await assert.rejects(fake.claim('ahead', new Date()), left);
  await assert.rejects(fake.claimMissed('ahead', DUE, HOUR), left);
  const stale = fake.claim('report', NEXT_DAY);
  fake.lose();
  await assert.rejects(stale, LeadershipLostError);
  await fake.stop();
});
