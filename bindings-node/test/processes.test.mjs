import assert from 'node:assert/strict';
import { test } from 'node:test';

import { election, lease, program, settings } from './support.mjs';

test('a running election does not keep the process from exiting, and releases the Lease', async (t) => {
  const options = settings(t);
  const { code, errors } = await program(t, 'exits.mjs', options, 'by-itself').ended;
  assert.equal(code, 0, errors);
  assert.equal(lease(options).holderIdentity, '');
});

test('an election with ref keeps the process, until unref', async (t) => {
  const referenced = program(t, 'exits.mjs', settings(t), 'unref-when-told');
  await referenced.said('still here');
  assert.equal((await referenced.ended).code, 0);
});

for (const awaited of ['wait', 'lead', 'terms'])
  test(`what is awaited keeps the process: ${awaited}`, async (t) => {
    const options = settings(t);
    const first = await election(t, options).start();
    await first.waitForLeadership();
    const standby = program(t, 'exits.mjs', options, awaited);
    await standby.said('waiting');
    await first.stop();
    await standby.said('leading');
    assert.equal((await standby.ended).code, 0);
  });

for (const [how, code] of [
  ['process.exit', 7],
  ['an uncaught exception', 1],
  ['an unhandled rejection', 1],
  ['SIGTERM that is handled', 0],
])
  test(`after ${how} the Lease is released, and lost was told`, async (t) => {
    const options = settings(t);
    const ended = await program(t, 'exits.mjs', options, how).ended;
    assert.equal(ended.code, code, ended.errors);
    assert.deepEqual(ended.lines, ['lost stopped']);
    assert.equal(lease(options).holderIdentity, '');
  });

for (const how of ['process.exit over unfinished work', 'process.exit over an unfinished listener'])
  test(`after ${how} the Lease expires`, async (t) => {
    const options = settings(t, { identity: 'a' });
    const { code, errors } = await program(t, 'exits.mjs', options, how).ended;
    assert.equal(code, 7, errors);
    assert.equal(lease(options).holderIdentity, 'a');
    await (await election(t, options).start()).waitForLeadership();
  });

for (const [how, signal] of [
  ['a crash', 'SIGABRT'],
  ['SIGTERM that is not handled', 'SIGTERM'],
  ['SIGKILL', 'SIGKILL'],
])
  test(`after ${how} the Lease expires, and another leads`, async (t) => {
    const options = settings(t, { identity: 'a' });
    const ended = await program(t, 'exits.mjs', options, signal).ended;
    assert.equal(ended.signal, signal, ended.errors);
    assert.equal(lease(options).holderIdentity, 'a');
    await (await election(t, options).start()).waitForLeadership();
  });

test('of four workers of a cluster one leads, and when it dies another', async (t) => {
  const { code, lines, errors } = await program(t, 'cluster.mjs', settings(t)).ended;
  assert.equal(code, 0, errors);
  assert.deepEqual(lines, ['one leader of 4', 'one leader of 3']);
});
