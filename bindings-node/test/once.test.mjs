import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ClosedError, ConfigError, WorkFailedError } from 'leasehold';
import { FakeLeaderElection } from 'leasehold/testing';

import { LIMIT_MS, election, eventually, leader, settings as place } from './support.mjs';

/** Of candidates for one Lease, which expires in none of these tests. */
const settings = (t) => place(t, { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 });

test('work of a key is done once, and not again elsewhere', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const second = await election(t, options).start();
  const tokens = [];
  const work = async (term) => tokens.push(term.fencingToken);
  assert.equal(await first.runOnce('1.4.2', work), true);
  assert.deepEqual(tokens, [first.term.fencingToken]);
  for (const each of [first, second]) {
    assert.equal(await each.runOnce('1.4.2', () => assert.fail('it is done')), false);
  }
  assert.equal(first.isLeader, true, 'its election goes on');
});

test('an election that does not run runs for that long, and on if it is started meanwhile', async (t) => {
  const made = election(t, settings(t));
  assert.equal(await made.runOnce('1', () => made.isLeader), true);
  assert.equal(made.status().role, 'stopped');
  assert.equal(await made.runOnce('2', () => made.start()), true);
  assert.notEqual(made.status().role, 'stopped');
});

test('two calls of one election do not work at once, and the last one ends it', async (t) => {
  const made = election(t, settings(t));
  let runs = 0;
  const calls = [1, 2, 3].map(() => made.runOnce('1', () => (runs += 1)));
  assert.deepEqual((await Promise.all(calls)).sort(), [false, false, true]);
  assert.equal(runs, 1);
  assert.equal(made.status().role, 'stopped');
});

test('work that fails rejects with its error, and is begun elsewhere until all give up', async (t) => {
  const options = settings(t);
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const failing = election(t, options).runOnce('1', () => {
      throw new RangeError('no such table');
    });
    await assert.rejects(failing, RangeError);
  }
  const last = election(t, options).runOnce('1', () => assert.fail('it has failed too often'));
  await assert.rejects(last, (error) => {
    assert.ok(error instanceof WorkFailedError);
    assert.match(error.message, /5 attempts.*RangeError: no such table/);
    return true;
  });
});

test('a signal ends the wait for another', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const second = election(t, options);
  const aborting = new AbortController();
  const waiting = second.runOnce('1', () => assert.fail('another leads'), {
    signal: aborting.signal,
  });
  await eventually('it waits', () => second.leader);
  aborting.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await eventually('it has stopped', () => second.status().role === 'stopped');
  assert.equal(await first.runOnce('1', () => {}), true);
  const aborted = first.runOnce('2', () => assert.fail('begun'), { signal: aborting.signal });
  await assert.rejects(aborted, { name: 'AbortError' });
});

/** What is written to the Lease. */
const written = ({ directory }) => readFileSync(join(directory, 'default', 'jobs', 'lease.json'), 'utf8');

/** Blocks the event loop until the attempt is recorded, and what says so waits to be taken in. */
function blockUntilBegun(options) {
  const deadline = Date.now() + LIMIT_MS;
  while (!written(options).includes('leasehold.io/attempts')) {
    assert.ok(Date.now() < deadline, 'it has not begun');
  }
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
}

test('work does not begin under a term that has ended while the event loop was blocked', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const second = await election(t, options).start();
  const begun = [];
  const stale = first.runOnce('1', () => begun.push('under a term that has ended'));
  // Until the core knows of it; the event loop does not turn.
  for (let turn = 0; turn < 100; turn += 1) await null;
  blockUntilBegun(options);
  first.stepDown();
  assert.equal(await second.runOnce('1', () => {}), true);
  assert.equal(await stale, false);
  assert.deepEqual(begun, []);
});

test('nor if the election is stopped', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const stale = first.runOnce('1', () => assert.fail('it has been stopped'));
  for (let turn = 0; turn < 100; turn += 1) await null;
  blockUntilBegun(options);
  await Promise.all([assert.rejects(stale, ClosedError), first.stop()]);
});

test('a signal that aborts after the end of the work changes nothing of how it went', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const aborting = new AbortController();
  const { signal } = aborting;
  assert.equal(await first.runOnce('1', () => aborting.abort(), { signal }), true);
  assert.equal(await first.runOnce('1', () => assert.fail('it is done')), false);
  const again = new AbortController();
  const failing = first.runOnce(
    '2',
    () => {
      again.abort();
      throw new RangeError('no such table');
    },
    { signal: again.signal },
  );
  await assert.rejects(failing, RangeError);
  await eventually('it is recorded', () => written(options).includes('no such table'));
});

test('a stop ends the wait for another', async (t) => {
  const options = settings(t);
  await leader(t, options);
  const second = election(t, options);
  const waiting = second.runOnce('1', () => assert.fail('another leads'));
  await eventually('it waits', () => second.leader);
  await Promise.all([assert.rejects(waiting, ClosedError), second.stop()]);
});

test('what cannot be a key, and what is no work, is refused', async (t) => {
  const made = election(t, settings(t));
  await assert.rejects(made.runOnce('', () => {}), ConfigError);
  await assert.rejects(made.runOnce(1, () => {}), ConfigError);
  await assert.rejects(made.runOnce('1', Promise.resolve()), TypeError);
  assert.equal(made.status().role, 'stopped');
});

test('a fake election does the work when the test lets it lead, and remembers it', async () => {
  const fake = await new FakeLeaderElection().start();
  const done = [];
  const first = fake.runOnce('1', () => done.push('first'));
  fake.acquire();
  assert.equal(await first, true);
  assert.equal(await fake.runOnce('1', () => done.push('again')), false);
  const failing = fake.runOnce('2', () => {
    throw new RangeError('on purpose');
  });
  await assert.rejects(failing, RangeError);
  assert.equal(fake.isLeader, false);
  const waiting = assert.rejects(
    fake.runOnce('3', () => done.push('never')),
    ClosedError,
  );
  await fake.stop();
  await waiting;
  assert.deepEqual(done, ['first']);
});

test('a fake election does not begin work under a term that it has lost', async () => {
  const fake = await new FakeLeaderElection().start();
  const terms = [];
  const work = fake.runOnce('1', (term) => terms.push(term));
  for (let turn = 0; turn < 100; turn += 1) await null;
  fake.acquire();
  fake.lose();
  fake.acquire();
  assert.equal(await work, true);
  assert.deepEqual(terms, [fake.term]);
  await fake.stop();
});

test('a listener that the stop waits for is told so, and does not wait for the stop', async (t) => {
  const made = await leader(t, settings(t));
  const refused = [];
  made.on('lost', async () => {
    await null;
    await made.runOnce('1', () => assert.fail('it stops')).catch((error) => refused.push(error));
  });
  await made.stop();
  assert.equal(refused.length, 1);
  assert.ok(refused[0] instanceof ClosedError);
  assert.match(refused[0].message, /waits for its listeners/);
});

test('one that the stop does not wait for does the work when that is over', async (t) => {
  const made = await leader(t, settings(t));
  const calls = [];
  // The listener has returned by then.
  made.once('lost', () => setImmediate(() => calls.push(made.runOnce('1', () => {}))));
  // It is still stopping then.
  made.once('lost', () => eventually('the other has begun', () => calls.length > 0));
  await made.stop();
  assert.equal(await calls[0], true);
});

/** Work that goes on until its term is over. */
const untilOver = ({ signal }) => once(signal, 'abort');

test('a stop does not wait for itself when a listener waits for work', async (t) => {
  const made = election(t, { ...settings(t), drainTimeoutMs: 3_600_000 });
  let isAtIt = false;
  const refused = [];
  made.on('acquired', async () => {
    const work = (term) => {
      isAtIt = true;
      return untilOver(term);
    };
    await made.runOnce('1', work).catch((error) => refused.push(error));
  });
  await made.start();
  await eventually('it works', () => isAtIt);
  void made.stop();
  await eventually('it has stopped', () => made.status().role === 'stopped');
  assert.equal(refused.length, 1);
  assert.ok(refused[0] instanceof ClosedError);
});

test('nor does that of a fake election', async () => {
  const fake = await new FakeLeaderElection().start();
  const refused = [];
  fake.on('acquired', () => fake.runOnce('1', untilOver).catch((error) => refused.push(error)));
  fake.acquire();
  await new Promise(setImmediate);
  void fake.stop();
  await new Promise(setImmediate);
  assert.equal(fake.status().role, 'stopped');
  assert.equal(refused.length, 1);
  assert.ok(refused[0] instanceof ClosedError);
});

test('nor does the end of a run that only work needs', async (t) => {
  const made = election(t, { ...settings(t), drainTimeoutMs: 3_600_000 });
  let last;
  made.once('acquired', () => (last = made.runOnce('2', () => first)));
  const first = made.runOnce('1', () => eventually('the other has begun', () => last !== undefined));
  assert.equal(await first, true);
  await eventually('it has stopped', () => made.status().role === 'stopped');
  assert.equal(await last, true);
});
