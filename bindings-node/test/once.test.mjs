import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClosedError, ConfigError, WorkFailedError } from 'leasehold';
import { FakeLeaderElection } from 'leasehold/testing';

import { election, eventually, leader, settings as place } from './support.mjs';

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
