// What the documentation shows of firings that run once.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { LeaderElection } from 'leasehold';

/** Nothing expires while a test runs. */
const lasting = { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 };

/** An election that leads. */
async function leader(t) {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-documentation-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const options = { lease: 'billing', mode: 'file', directory, ...lasting };
  const election = await new LeaderElection(options).start();
  await election.waitForLeadership({ signal: AbortSignal.timeout(60_000) });
  return election;
}

test('a firing runs once', async (t) => {
  const election = await leader(t);
  const due = new Date('2024-02-29T03:00:00Z');
  const sent = [];
  const sendInvoices = async () => sent.push(due);

  const fire = () =>
    election.runIfLeader(async () => {
      if (await election.claim('billing.invoices', due)) await sendInvoices();
    });

  await fire();
  await fire();
  await election.stop();
  assert.deepEqual(sent, [due]);
});

test('one that was missed is run, if it was due within an hour', async (t) => {
  const election = await leader(t);
  const sent = [];
  const sendInvoices = async () => sent.push(latestDue);
  const latestDue = new Date(Date.now() - 60_000);

  const catchUp = async () => {
    if (await election.claimMissed('billing.invoices', latestDue, { withinMs: 3_600_000 })) {
      await sendInvoices();
    }
  };

  await catchUp();
  assert.deepEqual(sent, [], 'the job is new');
  await election.claim('billing.invoices', new Date('2024-02-29T03:00:00Z'));
  await catchUp();
  await catchUp();
  await election.stop();
  assert.deepEqual(sent, [latestDue]);
});
