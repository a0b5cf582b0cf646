// What the documentation shows of work under a term.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import { LeaderElection } from 'leasehold';

const directory = mkdtempSync(join(tmpdir(), 'leasehold-documentation-'));
after(() => rmSync(directory, { recursive: true }));

let election;
let done;

beforeEach(() => {
  done = [];
  election = new LeaderElection({ lease: 'jobs', mode: 'file', directory });
});

const cleanUp = () => done.push('cleaned up');
const invoices = {
  due: () => ['first', 'second'],
  send: (invoice) => done.push(invoice),
};
const consumer = {
  run: () => done.push('consuming'),
  close: () => done.push('closed'),
};

test('work that ends is waited for', async () => {
  await election.start();
  // Once: waits until this instance leads.
  await election.lead(async (term) => {
    for (const invoice of await invoices.due({ signal: term.signal })) {
      term.check(); // throws a LeadershipLostError once the term is over
      await invoices.send(invoice, { token: term.fencingToken });
    }
  });

  // If it leads now.
  await election.runIfLeader((term) => cleanUp(term));
  await election.stop();
  assert.deepEqual(done, ['first', 'second', 'cleaned up']);
});

test('work that goes on for as long as the term', async () => {
  const consume = async ({ signal }) => {
    done.push('consuming');
    if (done.length === 1) election.stop();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };
  await election.start();
  // Whenever it leads.
  for await (const term of election.terms()) await consume({ signal: term.signal });
  assert.deepEqual(done, ['consuming']);
});

test('a service is started and stopped with leadership', async () => {
  // What is started and stopped with leadership.
  election.singletonService({ start: () => consumer.run(), stop: () => consumer.close() });
  await election.start();
  await election.waitForLeadership();
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
