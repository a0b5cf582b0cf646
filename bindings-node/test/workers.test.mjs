import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { election, EXPIRING, lease, settings } from './support.mjs';

/** A worker thread that leads, in a way. */
async function leadingWorker(t, options, how = 'leads') {
  const script = join(import.meta.dirname, 'programs', 'worker.mjs');
  const worker = new Worker(script, { workerData: { options, how } });
  t.after(() => worker.terminate());
  const [message] = await once(worker, 'message');
  assert.equal(message, 'leading');
  return worker;
}

test('a worker that is terminated while it leads releases the Lease', async (t) => {
  const options = settings(t, { identity: 'a' });
  const worker = await leadingWorker(t, options);
  assert.equal(lease(options).holderIdentity, 'a');
  await worker.terminate();
  assert.equal(lease(options).holderIdentity, '');
});

test('a worker that is terminated over unfinished work lets the Lease expire', async (t) => {
  const options = settings(t, { ...EXPIRING, identity: 'a' });
  const worker = await leadingWorker(t, options, 'works');
  await worker.terminate();
  assert.equal(lease(options).holderIdentity, 'a');
  await (await election(t, options).start()).waitForLeadership();
});

for (const how of ['exits', 'throws'])
  test(`a worker that ${how} while it leads releases the Lease`, async (t) => {
    const options = settings(t, { identity: 'a' });
    const worker = await leadingWorker(t, options, how);
    const exited = new Promise((resolve) => worker.on('error', () => {}).on('exit', resolve));
    worker.postMessage('end');
    await exited;
    assert.equal(lease(options).holderIdentity, '');
  });

test('a blocked worker is terminated nevertheless', async (t) => {
  const options = settings(t, { identity: 'a' });
  const worker = await leadingWorker(t, options, 'blocks');
  await worker.terminate();
  assert.equal(lease(options).holderIdentity, '');
});

test('many workers start, are terminated at any moment, and leave nobody leading', async (t) => {
  const options = settings(t);
  const script = join(import.meta.dirname, 'programs', 'worker.mjs');
  const rounds = Array.from({ length: 40 }, async (_, round) => {
    const worker = new Worker(script, { workerData: { options, how: 'leads' } });
    await once(worker, 'online');
    // Some while they load the library, some while they start, some while they lead.
    for (let turns = 0; turns < round * 5; turns += 1) await new Promise(setImmediate);
    await worker.terminate();
  });
  await Promise.all(rounds);
  const last = await election(t, options).start();
  await last.waitForLeadership();
});

test('elections of several threads are candidates like any other', async (t) => {
  const options = settings(t);
  const worker = await leadingWorker(t, options);
  const standby = await election(t, options).start();
  assert.equal(standby.isLeader, false);
  const led = standby.waitForLeadership();
  await worker.terminate();
  await led;
});
