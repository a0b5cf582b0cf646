import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'node-worker-'));
const replicas = [];

after(async () => {
  for (const { child, closed } of replicas) {
    child.kill('SIGKILL');
    await closed;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a replica of the service, which elects among the processes of this host. */
function start(identity) {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'service.mjs')], {
    env: {
      ...process.env,
      LEASEHOLD_MODE: 'file',
      LEASEHOLD_DIRECTORY: folder,
      LEASEHOLD_IDENTITY: identity,
      LEASEHOLD_LEASE: 'jobs-of-a-pod',
      LEASEHOLD_LEASE_DURATION: '3600',
      LEASEHOLD_RENEW_DEADLINE: '1800',
      PORT: '0',
      SCHEDULE: '* * * * * *',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const said = async (pattern) => {
    for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; await sleep(10)) {
      const match = lines.map((line) => pattern.exec(line)).find(Boolean);
      if (match) return match;
    }
    throw new Error(`${identity} has not said ${pattern}, but:\n${lines.join('\n')}`);
  };
  const get = async (path) => {
    const [, port] = await said(/^listening on (\d+)$/);
    return fetch(`http://127.0.0.1:${port}${path}`);
  };
  const replica = { child, lines, said, get, closed: once(child, 'close') };
  replicas.push(replica);
  return replica;
}

test('one replica runs the jobs, each tells who it is, and after SIGTERM it is another', async () => {
  const first = start('first');
  await first.said(/^leading, under token/);
  const second = start('second');
  await first.said(/^billing Ada/);
  await first.said(/^billing Grace/);

  assert.deepEqual(await leader(first, 'first'), { leader: 'first', isLeader: true });
  assert.deepEqual(await leader(second, 'first'), { leader: 'first', isLeader: false });
  const status = await (await second.get('/healthz')).json();
  assert.equal(status.role, 'candidate');
  assert.match(await (await first.get('/metrics')).text(), /leader_election_master_status\{name="jobs-of-a-pod"\} 1/);
  assert.deepEqual(second.lines.filter((line) => line.startsWith('billing')), []);

  first.child.kill('SIGTERM');
  await second.said(/^billing Ada/);
  assert.deepEqual(await leader(second, 'second'), { leader: 'second', isLeader: true });
  assert.deepEqual(await first.closed, [0, null]);
  await first.said(/^no longer leading: stopped$/);
});

/** What the page says, once it has learned of this leader. */
async function leader(replica, name) {
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; await sleep(10)) {
    const answer = await (await replica.get('/leader')).json();
    if (answer.leader === name) return answer;
  }
  throw new Error(`${name} is not told to lead`);
}
