// node-cron's tasks, which run by the leader alone, and each firing once.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { ConfigError } from 'leasehold';
import { runCoordinator } from 'leasehold/node-cron';
import { FakeLeaderElection } from 'leasehold/testing';
import cron from 'node-cron';

import { election, eventually, leader, settings as place } from './support.mjs';

const settings = (t) => place(t, { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 });
const KEY = 'bill:2024-02-29T03:00:00.000Z';
const EVER = Number.MAX_SAFE_INTEGER;

afterEach(() => cron.shutdown());

/** A task that records for when it was due. */
function schedule(coordinator, expression = '* * * * * *') {
  const ran = [];
  const options = { name: 'bill', distributed: true, runCoordinator: coordinator };
  cron.schedule(expression, ({ date }) => ran.push(date.toISOString()), options);
  return ran;
}

test('of two instances the leader runs what is due, each firing once', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const second = await election(t, options).start();
  const ran = schedule(runCoordinator(first));
  const elsewhere = schedule(runCoordinator(second));
  // A second time, as by a clock that is late.
  const again = schedule(runCoordinator(first));
  await eventually('it has run', () => ran.length + again.length > 2);
  assert.deepEqual(elsewhere, []);
  await first.stop();
  await eventually('the other runs', () => elsewhere.length > 1);
  const all = [...ran, ...again, ...elsewhere];
  assert.equal(new Set(all).size, all.length, `one has run twice: ${all}`);
});

test('a firing that was begun is not run again by the next leader', async (t) => {
  const options = settings(t);
  const first = await leader(t, options);
  const coordinator = runCoordinator(first);
  assert.equal(await coordinator.shouldRun(KEY), true);
  coordinator.onComplete(KEY);
  await first.stop();
  const second = await leader(t, options);
  assert.equal(await runCoordinator(second).shouldRun(KEY), false);
  assert.deepEqual(second.lastFiring('bill'), new Date('2024-02-29T03:00:00.000Z'));
});

test('the Lease is not released before what runs has ended', async () => {
  const fake = await new FakeLeaderElection().start();
  fake.acquire();
  const coordinator = runCoordinator(fake);
  assert.equal(await coordinator.shouldRun(KEY), true);
  let hasStopped = false;
  const stopped = fake.stop().then(() => (hasStopped = true));
  await new Promise(setImmediate);
  assert.equal(hasStopped, false, 'it waits for the task');
  coordinator.onComplete(KEY);
  await stopped;
});

test('what came up while nobody led is run by the next leader, the latest alone', async () => {
  const fake = await new FakeLeaderElection().start();
  const coordinator = runCoordinator(fake, { missedWithinMs: EVER, tasks: cron.getTasks });
  const ran = schedule(coordinator, '0 0 1 1 *');
  const due = (day) => `bill:2024-02-0${day}T03:00:00.000Z`;
  assert.equal(await coordinator.shouldRun(due(1)), false);
  fake.acquire();
  await new Promise(setImmediate);
  assert.equal(ran.length, 0, 'it is new, so it has missed nothing');
  assert.equal(await coordinator.shouldRun(due(2)), true);
  coordinator.onComplete(due(2));
  fake.lose();
  for (const day of [3, 4]) assert.equal(await coordinator.shouldRun(due(day)), false);
  fake.acquire();
  await eventually('it has run', () => ran.length > 0);
  assert.deepEqual(fake.lastFiring('bill'), new Date('2024-02-04T03:00:00.000Z'));
  fake.lose();
  fake.acquire();
  await fake.stop();
  assert.equal(ran.length, 1);
});

test('a firing whose claim fails is missed, but hides no later one', async (t) => {
  const fake = await new FakeLeaderElection().start();
  fake.acquire();
  const coordinator = runCoordinator(fake, { missedWithinMs: EVER, tasks: cron.getTasks });
  const ran = schedule(coordinator, '0 0 1 1 *');
  assert.equal(await coordinator.shouldRun(KEY), true);
  coordinator.onComplete(KEY);
  const failing = t.mock.method(fake, 'claim', () => Promise.reject(new Error('the API server is down')));
  for (const day of [3, 2]) {
    await assert.rejects(coordinator.shouldRun(`bill:2024-03-0${day}T03:00:00.000Z`), /is down/);
  }
  failing.mock.restore();
  fake.lose();
  fake.acquire();
  await eventually('it has run', () => ran.length > 0);
  assert.deepEqual(fake.lastFiring('bill'), new Date('2024-03-03T03:00:00.000Z'));
  await fake.stop();
  assert.equal(ran.length, 1);
});

test('a task that was stopped meanwhile has missed nothing', async () => {
  const fake = await new FakeLeaderElection().start();
  fake.acquire();
  const coordinator = runCoordinator(fake, { missedWithinMs: EVER, tasks: cron.getTasks });
  const ran = schedule(coordinator, '0 0 1 1 *');
  const [task] = cron.getTasks().values();
  await fake.claim('bill', new Date(0));
  fake.lose();
  assert.equal(await coordinator.shouldRun(KEY), false);
  task.stop();
  fake.acquire();
  await new Promise(setImmediate);
  assert.deepEqual(fake.lastFiring('bill'), new Date(0));
  fake.lose();
  task.start();
  fake.acquire();
  await eventually('it has run', () => ran.length > 0);
  await fake.stop();
});

test('in mode always each task of one name ends its own work', async (t) => {
  const always = await leader(t, { lease: 'jobs', mode: 'always', drainTimeoutMs: 3_600_000 });
  const coordinator = runCoordinator(always);
  for (let task = 0; task < 2; task += 1) assert.equal(await coordinator.shouldRun(KEY), true);
  let hasStopped = false;
  const stopped = always.stop().then(() => (hasStopped = true));
  coordinator.onComplete(KEY);
  await new Promise(setImmediate);
  assert.equal(hasStopped, false, 'it waits for the other');
  coordinator.onComplete(KEY);
  await eventually('it has stopped', () => hasStopped);
  await stopped;
});

test('what was missed longer ago, or without the option, is left out', async () => {
  for (const options of [{}, { missedWithinMs: 3_600_000, tasks: cron.getTasks }]) {
    const fake = await new FakeLeaderElection().start();
    fake.acquire();
    await fake.claim('bill', new Date(0));
    fake.lose();
    const coordinator = runCoordinator(fake, options);
    const ran = schedule(coordinator, '0 0 1 1 *');
    assert.equal(await coordinator.shouldRun(KEY), false);
    fake.acquire();
    await fake.stop();
    assert.deepEqual(ran, []);
    await cron.shutdown();
  }
});

test('what is wrong is refused', async () => {
  const fake = await new FakeLeaderElection().start();
  fake.acquire();
  assert.throws(() => runCoordinator(fake, { misfire: true }), ConfigError);
  assert.throws(() => runCoordinator(fake, { missedWithinMs: -1 }), ConfigError);
  assert.throws(() => runCoordinator(fake, { missedWithinMs: 1 }), { code: 'config', message: /cron\.getTasks/ });
  await assert.rejects(runCoordinator(fake).shouldRun('bill'), { code: 'config', message: /use node-cron 4/ });
  await assert.rejects(runCoordinator(fake).shouldRun(`my job${KEY.slice(4)}`), ConfigError);
  await fake.stop();
});
