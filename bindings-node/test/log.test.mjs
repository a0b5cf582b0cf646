import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';

import { eventually, leader, program, settings } from './support.mjs';

test('the log is published on a diagnostics channel', async (t) => {
  const records = [];
  const listen = (record) => records.push(record);
  subscribe('leasehold:log', listen);
  const election = await leader(t);
  await election.stop();
  const logged = (level, words) =>
    eventually(`${level}: ${words}`, () =>
      records.some((record) => record.level === level && record.message.includes(words)),
    );
  await logged('warn', 'always');
  await logged('info', `leading lease="jobs" fencing_token=`);
  await logged('info', 'no longer leading lease="jobs"');
  unsubscribe('leasehold:log', listen);
});

test('a warning to which nobody listens is a process warning, once', async (t) => {
  const { code, errors } = await program(t, 'warned.mjs').ended;
  assert.equal(code, 0, errors);
  assert.equal(errors.match(/LeaseholdWarning: /g)?.length, 1, errors);
  assert.match(errors, /LeaseholdWarning: .*always/);
});

test('work that outlasts its limit is a process warning, also of a process that exits', async (t) => {
  const { code, errors } = await program(t, 'outlasting.mjs', settings(t)).ended;
  assert.equal(code, 0, errors);
  assert.equal(errors.match(/LeaseholdWarning: /g)?.length, 1, errors);
  assert.match(errors, /LeaseholdWarning: work has not ended in time: the Lease is not released/);
});
