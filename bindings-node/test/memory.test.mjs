import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { LeaderElection } from 'leasehold';

import { eventually } from './support.mjs';

const MIB = 2 ** 20;
const always = { lease: 'jobs', mode: 'always' };

test('1,000 elections that were started and stopped leave nothing behind', async () => {
  const cycles = async (count) => {
    for (let cycle = 0; cycle < count; cycle += 1) {
      const election = await new LeaderElection(always).start();
      await election.lead(() => undefined);
      await election.stop();
    }
    await collected();
  };
  await cycles(200);
  const before = resources();
  // Memory grows for other reasons as well, mostly at first; what leaks grows each time.
  const growths = [];
  do {
    const memory = process.memoryUsage().rss;
    await cycles(1_000);
    growths.push((process.memoryUsage().rss - memory) / MIB);
  } while (growths.at(-1) >= 2 && growths.length < 10);
  assert.ok(growths.at(-1) < 2, `grown by ${growths.join(', ')} MiB`);
  await eventually('their threads and files are gone', () => {
    const { threads, files } = resources();
    return threads <= before.threads && files <= before.files;
  });
});

test('elections that never ran, or have stopped, are collected', async () => {
  const counts = { made: 0, collected: 0 };
  const registry = new FinalizationRegistry(() => (counts.collected += 1));
  const make = (options) => {
    const election = new LeaderElection(options);
    registry.register(election);
    counts.made += 1;
    return election;
  };
  for (let made = 0; made < 100; made += 1) make(always);
  for (let made = 0; made < 100; made += 1) {
    const election = await make(always).start();
    election.on('lost', () => election.isLeader);
    await election.waitForLeadership();
    await election.stop();
  }
  await eventually('all but the last are collected', async () => {
    await collected();
    return counts.collected >= counts.made - 1;
  });
});

test('an election that runs goes on though nothing refers to it', async () => {
  let told = 0;
  const start = async () => {
    const election = new LeaderElection(always);
    election.on('acquired', () => (told += 1));
    election.on('lost', () => (told -= 1));
    await election.start();
    return new WeakRef(election);
  };
  const election = await start();
  await eventually('it leads', () => told === 1);
  await collected();
  await turn();
  assert.equal(told, 1);
  await election.deref().stop();
  assert.equal(told, 0);
});

/** Collects all garbage, and lets the finalizers run. */
async function collected() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await turn();
  }
}

function resources() {
  const count = (folder) => readdirSync(`/proc/self/${folder}`).length;
  return { threads: count('task'), files: count('fd') };
}
