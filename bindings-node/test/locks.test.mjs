// Locks in a folder, which the processes of a host share.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  ClosedError,
  ConfigError,
  LeadershipLostError,
  Locks,
  TimedOutError,
} from 'leasehold';

import { folder, LIMIT_MS, locks, program } from './support.mjs';

/** Nothing expires while a test runs. */
function slow(t) {
  return {
    mode: 'file',
    directory: folder(t),
    leaseDurationMs: 3_600_000,
    renewDeadlineMs: 1_800_000,
    retryPeriodMs: 1_000,
  };
}

/** Resolves with the loss of a lock. Nothing else holds the process open for so long. */
async function loss(lock) {
  const limit = setTimeout(() => {}, LIMIT_MS);
  try {
    return await lock.lost();
  } finally {
    clearTimeout(limit);
  }
}

test('a lock is held by one and released', async (t) => {
  const options = slow(t);
  const [here, there] = [locks(t, options), locks(t, options)];
  await here.observe('job');
  const held = await here.tryLock('job');
  assert.equal(held.name, 'job');
  assert.equal(held.isHeld, true);
  assert.equal(held.signal.aborted, false);
  assert.ok(held.term.remainingMs > 0);
  assert.equal(await there.tryLock('job'), null);
  assert.equal(await here.tryLock('job'), null);
  assert.equal(await held.release(), true);
  assert.equal(await held.release(), false);
  assert.equal(held.isHeld, false);
  assert.equal(held.signal.aborted, true);
  assert.throws(() => held.term.check(), LeadershipLostError);
  assert.throws(() => {
    held.setLimits({ atMostMs: 1_000 });
  }, LeadershipLostError);
  const next = await there.lock('job');
  assert.ok(next.fencingToken > held.fencingToken);
  await next[Symbol.asyncDispose]();
  assert.equal(next.isHeld, false);
});

test('a wait ends with the lock, or says who holds it', async (t) => {
  const options = slow(t);
  const here = locks(t, { ...options, identity: 'me' });
  const there = locks(t, options);
  const held = await here.lock('job');
  await assert.rejects(there.lock('job', { timeoutMs: 50 }), (error) => {
    assert.ok(error instanceof TimedOutError);
    assert.match(error.message, /`me` holds the Lease/);
    return true;
  });
  const waiting = there.lock('job');
  await held.release();
  await (await waiting).release();
});

test('a wait that is aborted wants nothing any more', async (t) => {
  const here = locks(t, slow(t));
  const held = await here.lock('job');
  const abort = new AbortController();
  const waiting = here.lock('job', { signal: abort.signal });
  abort.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await assert.rejects(here.lock('job', { signal: abort.signal }), { name: 'AbortError' });
  await held.release();
  await (await here.lock('job')).release();
});

test('those of one process have a lock in the order in which they came', async (t) => {
  const here = locks(t, slow(t));
  const held = await here.lock('job');
  const order = [];
  const work = async (name) => {
    const lock = await here.lock('job');
    order.push(name);
    await lock.release();
  };
  const first = work('first');
  // Each asks on a thread of its own: the second is to come after the first.
  await assert.rejects(here.lock('job', { timeoutMs: 500 }), TimedOutError);
  const second = work('second');
  await assert.rejects(here.lock('job', { timeoutMs: 500 }), TimedOutError);
  await held.release();
  await Promise.all([first, second]);
  assert.deepEqual(order, ['first', 'second']);
});

test('a lock is kept for its least time', async (t) => {
  const options = slow(t);
  const [here, there] = [locks(t, options), locks(t, options)];
  const held = await here.tryLock('job', { atLeastMs: 3_600_000 });
  assert.equal(await held.release(), true);
  assert.equal(await here.tryLock('job'), null);
  assert.equal(await there.tryLock('job'), null);
});

test('work that goes on for too long is told', async (t) => {
  const here = locks(t, slow(t));
  const held = await here.tryLock('job', { atMostMs: 3_600_000 });
  held.setLimits({ atMostMs: 200 });
  const lost = await loss(held);
  assert.equal(lost.reason, 'limit_reached');
  assert.equal(lost.term, held.term);
  assert.equal(held.isHeld, false);
  assert.equal(held.signal.aborted, true);
  assert.ok(held.signal.reason instanceof LeadershipLostError);
  await held.release();
  assert.equal(lost.timeLeftMs, 0);
});

test('closing tells holders and waits for them', async (t) => {
  const options = slow(t);
  const here = new Locks(options);
  const held = await here.lock('job');
  const closed = here.close();
  const lost = await loss(held);
  assert.equal(lost.reason, 'stopped');
  assert.ok(lost.timeLeftMs > 0);
  const there = locks(t, options);
  assert.equal(await there.tryLock('job'), null);
  await held.release();
  await closed;
  await (await there.lock('job')).release();
  await assert.rejects(here.tryLock('job'), ClosedError);
});

test('settings and limits are checked', async (t) => {
  assert.throws(() => new Locks({ lease: 'jobs' }), /`lease`|lease = /);
  assert.throws(() => new Locks({ leaseDurationMs: 10 }), ConfigError);
  const here = locks(t, slow(t));
  await assert.rejects(here.tryLock('job', { atMostMs: -1 }), /atMostMs = `-1`/);
  await assert.rejects(here.tryLock('job', { atMostMs: 1_000, atLeastMs: 2_000 }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /^atLeastMs = .* atMostMs/);
    return true;
  });
  await assert.rejects(here.lock('job', { timeout: 1 }), /no such option/);
});

test('a lock that is being released at the exit is free then, one that is held is not', async (t) => {
  const options = slow(t);
  const { code, errors } = await program(t, 'holds.mjs', options).ended;
  assert.equal(code, 7, errors);
  const here = locks(t, { ...options, proofOfDeath: 'none' });
  await (await here.tryLock('released')).release();
  assert.equal(await here.tryLock('held'), null);
});

test('a process that waits for a lock goes on, one that holds it may end', async (t) => {
  const options = slow(t);
  const here = locks(t, options);
  const held = await here.lock('waited-for');
  const waiting = program(t, 'waits.mjs', options);
  await waiting.said('waiting');
  await held.release();
  const { code, lines } = await waiting.ended;
  assert.equal(code, 0);
  assert.deepEqual(lines, ['waiting', 'acquired']);
});
