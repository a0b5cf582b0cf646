// What the documentation shows of work under a term.

import assert from 'node:assert/strict';
import { EventEmitter, once as event } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

const directory = mkdtempSync(join(tmpdir(), 'leasehold-documentation-'));
after(() => rmSync(directory, { recursive: true }));

/** Nothing expires while a test runs. */
const lasting = { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 };

let election;
let done;

beforeEach(() => {
  done = [];
  election = new LeaderElection({ lease: 'jobs', mode: 'file', directory, ...lasting });
});

const cleanUp = () => done.push('cleaned up');

async function once(invoices) {
  // Once: waits until this instance leads.
  await election.lead(async (term) => {
    try {
      for (const invoice of await invoices.due({ signal: term.signal })) {
        term.check(); // throws a LeadershipLostError once the term is over
        await invoices.send(invoice, { token: term.fencingToken });
      }
    } catch (error) {
      if (term.isValid) throw error; // else it was cut short, as it had to be
    }
  });

  // If it leads now.
  await election.runIfLeader((term) => cleanUp(term));
}

async function whenever(consume) {
  // Whenever it leads.
  for await (const term of election.terms()) {
    await consume({ signal: term.signal }).catch((error) => {
      if (term.isValid) throw error;
    });
  }
}

test('work that ends is waited for', async () => {
  await election.start();
  await once({ due: () => ['first', 'second'], send: (invoice) => done.push(invoice) });
  await election.stop();
  assert.deepEqual(done, ['first', 'second', 'cleaned up']);
});

test('work is cut short between its steps by the end of the term', async () => {
  await election.start();
  let stopped;
  const send = async (invoice) => {
    done.push(invoice);
    stopped = election.stop();
    await event(election, 'lost');
  };
  await once({ due: () => ['first', 'second'], send });
  await stopped;
  assert.deepEqual(done, ['first']);
});

test('work that honours the signal is cut short by the end of the term', async () => {
  await election.start();
  let stopped;
  await whenever(async ({ signal }) => {
    done.push('consuming');
    stopped = election.stop();
    await sleep(600_000, undefined, { signal });
  });
  await stopped;
  assert.deepEqual(done, ['consuming']);
});

test('what goes wrong with the work under a term is not hidden', async () => {
  await election.start();
  const fail = async () => {
    throw new RangeError('of the work');
  };
  await assert.rejects(once({ due: fail }), RangeError);
  await assert.rejects(whenever(fail), RangeError);
  await election.stop();
});

test('a service is started and stopped with leadership', async () => {
  const consumer = new EventEmitter();
  consumer.run = () => consumer.emit('running', done.push('consuming'));
  consumer.close = () => done.push('closed');
  // What is started and stopped with leadership.
  election.addSingletonService({ start: () => consumer.run(), stop: () => consumer.close() });
  const running = event(consumer, 'running');
  await election.ref().start();
  await running;
  await election.stop();
  assert.deepEqual(done, ['consuming', 'closed']);
});

test('listeners are told', async () => {
  const log = { info: (text) => done.push(text), warn: (text) => done.push(text) };
  election.on('acquired', ({ fencingToken }) => log.info(`leading, under token ${fencingToken}`));
  election.on('lost', ({ reason }) => log.warn(`no longer leading: ${reason}`));
  election.on('renewalFailing', ({ message }) => log.warn(message));
  await election.start();
  await election.waitForLeadership();
  await election.stop();
  assert.match(done.join(), /^leading, under token \d+,no longer leading: stopped$/);
});
