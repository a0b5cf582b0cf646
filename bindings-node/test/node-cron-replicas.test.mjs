// Services with node-cron as processes: each firing is run once, no matter what happens to the one that runs it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EXPIRING, RELEASED, replicas, skip } from './replicas.mjs';

const NODE_CRON = { framework: 'node-cron', script: 'node-cron.mjs', jobs: ['bill'] };
const services = (t, fault, times) => replicas(t, NODE_CRON, fault, { lateMs: 0, ...times });

test('one that is terminated ends its jobs and hands over', async (t) => {
  const { ledgers, start } = services(t, 'terminated', RELEASED);
  const first = await start('first');
  await ledgers.goesOn('first');
  // It finds out what is due when the leader has done that, and stopped.
  await start('second', { lateMs: 500 });
  await ledgers.goesOn('first');
  first.child.kill('SIGTERM');
  const { code, errors } = await first.ended;
  assert.equal(code, 0, errors);
  await ledgers.goesOn('second');
  ledgers.wereFilledBy('first', 'second');
});

test('one that is killed is succeeded', async (t) => {
  const { ledgers, start } = services(t, 'killed', EXPIRING);
  const first = await start('first');
  await ledgers.goesOn('first');
  await start('second');
  first.child.kill('SIGKILL');
  await ledgers.goesOn('second');
  ledgers.wereFilledBy('first', 'second');
});

test('one that is cut off has stopped before another works', { skip }, async (t) => {
  const { ledgers, start, isCutOff } = services(t, 'cut-off', EXPIRING);
  await start('first');
  await ledgers.goesOn('first');
  await start('second');
  await isCutOff(true);
  await ledgers.goesOn('second');
  await isCutOff(false);
  await ledgers.goesOn('second');
  ledgers.wereFilledBy('first', 'second');
});
