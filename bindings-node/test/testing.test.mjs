import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LeaderElection, LeadershipLostError, TimedOutError, UnavailableError } from 'leasehold';
import { FakeLeaderElection } from 'leasehold/testing';

import { program } from './support.mjs';

test('a fake election leads when the test says so', async () => {
  const election = await new FakeLeaderElection({ identity: 'a' }).start();
  assert.ok(election instanceof LeaderElection);
  const told = [];
  for (const event of ['acquired', 'leaderChanged', 'renewalFailing', 'stopped'])
    election.on(event, (value) => told.push([event, value]));
  election.on('lost', ({ term, reason, timeLeftMs }) => told.push(['lost', term, reason, timeLeftMs > 0]));
  assert.equal(election.isLeader, false);

  election.follow('b');
  assert.equal(election.leader, 'b');
  election.acquire();
  const { term } = election;
  assert.equal(election.isLeader, true);
  assert.equal(term.isValid, true);
  term.check();
  election.lose('superseded');
  assert.equal(election.isLeader, false);
  assert.throws(() => term.check(), LeadershipLostError);
  assert.equal(term.signal.aborted, true);
  const error = new UnavailableError('the test pulled the plug');
  election.fail(error);
  await election.stop();

  assert.deepEqual(told, [
    ['leaderChanged', 'b'],
    ['acquired', term],
    ['leaderChanged', 'a'],
    ['lost', term, 'superseded', true],
    ['renewalFailing', error],
    ['stopped', undefined],
  ]);
});

test('a fake election waits, works and stops as the real one does', async () => {
  const election = await new FakeLeaderElection().start();
  await assert.rejects(election.waitForLeadership({ signal: AbortSignal.timeout(1) }), TimedOutError);
  const led = election.lead((term) => term.fencingToken);
  election.acquire();
  assert.equal(await led, 1n);
  let finish;
  const work = election.runIfLeader(() => new Promise((resolve) => (finish = resolve)));
  let hasStopped = false;
  const stopped = election.stop().then(() => (hasStopped = true));
  await new Promise(setImmediate);
  assert.equal(hasStopped, false, 'it waits for the work');
  finish();
  await Promise.all([work, stopped]);
  await election.start();
  election.acquire();
  assert.equal(election.term.fencingToken, 2n);
  election.stepDown();
  await new Promise(setImmediate);
  assert.equal(election.status().role, 'candidate');
  await election.stop();
});

test('a fake election needs none of the timers that a test fakes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate'] });
  t.mock.method(globalThis, 'queueMicrotask', () => {});
  const election = await new FakeLeaderElection().start();
  election.acquire();
  const told = [];
  election.on('acquired', (term) => told.push(term));
  const work = election.runIfLeader(() => new Promise(() => {}));
  await Promise.resolve();
  assert.deepEqual(told, [election.term]);
  await election.stop({ drainMs: 5 });
  assert.equal(election.status().role, 'stopped');
  void work;
});

test('a fake election needs no native library, and lets the process exit', async (t) => {
  const { code, lines, errors } = await program(t, 'fake.mjs').ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(lines, ['leading', 'lost stopped', 'no library']);
});
