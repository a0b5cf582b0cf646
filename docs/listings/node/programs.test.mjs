// The programs that the documentation shows, run in a folder of their own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

/** Runs a program, until the test is over. */
function run(t, ...args) {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-documentation-'));
  const program = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    env: { ...process.env, LEASEHOLD_MODE: 'file', LEASEHOLD_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(program, 'close');
  t.after(async () => {
    program.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true });
  });
  return { program, directory, ended, lines: createInterface({ input: program.stdout }) };
}

for (const signal of ['SIGINT', 'SIGTERM'])
  test(`the first program releases the Lease on ${signal}`, async (t) => {
    const { program, directory, ended, lines } = run(t, 'jobs.mjs');
    const [line] = await once(lines, 'line');
    assert.match(line, /^the job, under token \d+$/);
    program.kill(signal);
    assert.deepEqual(await ended, [0, null]);
    const record = join(directory, 'default', 'monolith-jobs', 'lease.json');
    assert.equal(JSON.parse(readFileSync(record, 'utf8')).spec.holderIdentity, '');
  });

test('a service has several Leases, and the log tells which it leads', async (t) => {
  const { ended, lines } = run(t, '--import', './log.mjs', 'service.mjs');
  const said = [];
  lines.on('line', (line) => said.push(line));
  assert.deepEqual(await ended, [0, null]);
  const all = said.join('\n');
  assert.match(all, /^this instance writes the bills$/m);
  assert.match(all, /^info leading lease="billing" /m);
});
