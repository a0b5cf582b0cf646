// What tests share: elections over a folder of their own, and programs that are run and listened to.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { LeaderElection, Locks } from 'leasehold';

/** How long a test waits for what must happen. */
export const LIMIT_MS = 60_000;

const undoings = new WeakMap();

/** Undoes something after the test: the last first. */
function afterwards(t, undo) {
  if (!undoings.has(t)) {
    undoings.set(t, []);
    t.after(async () => {
      for (const each of undoings.get(t).reverse()) await each();
    });
  }
  undoings.get(t).push(undo);
}

/** A folder that is removed after the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'leasehold-node-'));
  afterwards(t, () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Of a Lease that somebody waits for. */
export const EXPIRING = { leaseDurationMs: 5_000, renewDeadlineMs: 4_000 };

/** The settings of candidates for one Lease in a folder of the test's own. */
export function settings(t, others = {}) {
  return {
    lease: 'jobs',
    namespace: 'default',
    mode: 'file',
    directory: folder(t),
    leaseDurationMs: 30_000,
    renewDeadlineMs: 20_000,
    retryPeriodMs: 200,
    ...others,
  };
}

/** An election that is stopped after the test. */
export function election(t, options = { lease: 'jobs', mode: 'always' }) {
  const made = new LeaderElection(options);
  afterwards(t, () => made.stop({ drainMs: 0 }));
  return made;
}

/** Locks that are closed after the test. */
export function locks(t, options) {
  const made = new Locks(options);
  afterwards(t, () => made.close());
  return made;
}

/** An election that leads. */
export async function leader(t, options) {
  const started = await election(t, options).start();
  await started.waitForLeadership();
  return started;
}

/** The spec of the Lease that elections with these settings are about; undefined if there is none. */
export function lease({ directory, lease: name }) {
  try {
    return JSON.parse(readFileSync(join(directory, 'default', name, 'lease.json'), 'utf8')).spec;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Waits until `check` gives something true. */
export async function eventually(what, check) {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const outcome = await check();
    if (outcome) return outcome;
    if (Date.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await sleep(5);
  }
}

/** Runs a script of `test/programs` with arguments in JSON, until the test is over. */
export function program(t, name, ...values) {
  const script = join(import.meta.dirname, 'programs', name);
  const child = spawn(process.execPath, [script, ...values.map((it) => JSON.stringify(it))], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors = child.stderr.setEncoding('utf8').toArray();
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const closed = once(child, 'close').then(async ([code, signal]) => ({
    code,
    signal,
    lines,
    errors: (await errors).join(''),
  }));
  afterwards(t, async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return {
    child,
    lines,
    /** Resolves when it has said this. */
    said: (line) => eventually(`"${line}" from ${name}`, () => lines.includes(line)),
    /** Resolves when it has stopped itself by SIGSTOP. */
    pauses: () => eventually(`a pause of ${name}`, () => isStopped(child)),
    /** Resolves with how it ended, and what it said. */
    ended: closed,
  };
}

function isStopped({ pid }) {
  const [, state] = /^State:\t(.)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return state === 'T';
}

/** A kubeconfig of an API server that nobody has started. */
export function unreachable(t) {
  const file = join(folder(t), 'kubeconfig');
  const named = (kind, value) => [{ name: 'test', [kind]: value }];
  const config = {
    clusters: named('cluster', { server: 'http://127.0.0.1:1' }),
    users: named('user', {}),
    contexts: named('context', { cluster: 'test', user: 'test' }),
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
