import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder } from './support.mjs';

const OPEN = `new (require('leasehold').LeaderElection)({ lease: 'jobs', mode: 'file' })`;
const PACKAGE = join(import.meta.dirname, '..');

/** A folder in which the package is installed without a native library. */
function installed(t) {
  const root = folder(t);
  const home = join(root, 'node_modules', 'leasehold');
  cpSync(join(PACKAGE, 'dist'), join(home, 'dist'), { recursive: true });
  cpSync(join(PACKAGE, 'package.json'), join(home, 'package.json'));
  return root;
}

/** What becomes of an election there. */
function open(cwd, env = {}) {
  const { status, stderr } = spawnSync(process.execPath, ['-e', OPEN], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { status, stderr };
}

const found = new RegExp(`found: ${process.platform}-${process.arch}[-\\w]*, Node ${process.version}`);

test('without a library, the error names what was found and looked for, each attempt, and what to do', (t) => {
  const root = installed(t);
  mkdirSync(join(root, 'node_modules', '@leasehold', 'sunos-sparc'), { recursive: true });
  const { status, stderr } = open(root);
  assert.equal(status, 1);
  assert.match(stderr, /NativeLibraryError: the native half of Leasehold did not load/);
  assert.match(stderr, found);
  assert.match(stderr, /looked for: leasehold\.node of the package @leasehold\/\S+/);
  assert.match(stderr, /installed: @leasehold\/sunos-sparc/);
  assert.match(stderr, /tried .*leasehold\.node: Cannot find module/);
  assert.match(stderr, /tried @leasehold\/\S+: Cannot find module/);
  assert.match(stderr, /npm install --include=optional/);
  assert.match(stderr, /npm install @leasehold\/\S+@\d+\.\d+\.\d+/);
  assert.match(stderr, /mode `never` or `always` needs no native half/);
  assert.match(stderr, /ERR_DLOPEN_FAILED/);
});

test('a library that does not load is named with the reason that the system gives', (t) => {
  const root = installed(t);
  writeFileSync(join(root, 'node_modules', 'leasehold', 'leasehold.node'), 'no library');
  const { stderr } = open(root);
  assert.match(stderr, /tried .*leasehold\.node: .*(file too short|invalid ELF header)/);
});

test('the library that the environment names is loaded, or none', (t) => {
  const root = installed(t);
  const library = join(PACKAGE, 'leasehold.node');
  assert.deepEqual(open(root, { LEASEHOLD_NATIVE_LIBRARY: library }), { status: 0, stderr: '' });
  cpSync(library, join(root, 'node_modules', 'leasehold', 'leasehold.node'));
  assert.equal(open(root).status, 0);
  const { status, stderr } = open(root, { LEASEHOLD_NATIVE_LIBRARY: '/nowhere.node' });
  assert.equal(status, 1);
  assert.match(stderr, /tried \/nowhere\.node: Cannot find module/);
});

/** What a program prints there that says it runs on another machine. */
function runElsewhere(cwd, body) {
  const elsewhere = `Object.defineProperty(process, 'arch', { value: 'riscv64' });
    const { LeaderElection } = require('leasehold'); (async () => { ${body} })();`;
  return spawnSync(process.execPath, ['-e', elsewhere], { cwd, encoding: 'utf8' });
}

test('on a platform that has no package, the error says so, and which ones there are', (t) => {
  const { status, stderr } = runElsewhere(installed(t), `new LeaderElection({ lease: 'jobs' });`);
  assert.equal(status, 1);
  assert.match(stderr, /found: \S+-riscv64/);
  assert.match(stderr, /there is none for this platform, but for linux-x64-gnu, .*win32-x64/);
  assert.doesNotMatch(stderr, /npm install/);
});

test('mode always leads there nevertheless, term after term, and warns once', (t) => {
  const { status, stdout, stderr } = runElsewhere(
    installed(t),
    `const election = new LeaderElection({ lease: 'jobs', mode: 'always' });
    election.on('lost', ({ reason }) => console.log(reason));
    await election.start();
    console.log(election.isLeader, election.term.fencingToken);
    election.stepDown();
    console.log(election.isLeader);
    const { fencingToken } = await election.waitForLeadership();
    let finish;
    const work = election.runIfLeader(() => new Promise((resolve) => (finish = resolve)));
    const stopped = election.stop().then(() => 'stopped');
    const other = new LeaderElection({ lease: 'others', mode: 'always' });
    console.log(fencingToken, election.isLeader, await Promise.race([stopped, 'waits for the work']));
    finish();
    console.log(await stopped, election.status().role);`,
  );
  const said = ['true 1n', 'false', 'stepped_down', 'stopped', '2n false waits for the work'];
  assert.deepEqual(stdout.trim().split('\n'), [...said, 'stopped stopped'], stderr);
  assert.equal(stderr.match(/mode `always` is answered without the native half/g).length, 1);
  assert.equal(status, 0);
});

test('mode always leads again there though work does not end, under tokens that grow', (t) => {
  const { stdout, stderr } = runElsewhere(
    installed(t),
    `const election = new LeaderElection({ lease: 'jobs', mode: 'always', drainTimeoutMs: 50 });
    await election.start();
    void election.runIfLeader(() => new Promise(() => {}));
    election.stepDown();
    console.log(election.isLeader, (await election.waitForLeadership()).fencingToken);
    await election.stop();
    const other = await new LeaderElection({ lease: 'jobs', mode: 'always' }).start();
    console.log(other.term.fencingToken);
    await other.stop();`,
  );
  assert.deepEqual(stdout.trim().split('\n'), ['false 2n', '3n'], stderr);
});

test('there nothing of firings is remembered either', (t) => {
  const { stdout, stderr } = runElsewhere(
    installed(t),
    `const election = await new LeaderElection({ lease: 'jobs', mode: 'always' }).start();
    const due = new Date(0);
    console.log(await election.claim('bill', due), await election.claim('bill', due));
    console.log(await election.claimMissed('bill', due, { withinMs: 1e15 }), election.lastFiring('bill'));
    await election.stop();`,
  );
  assert.deepEqual(stdout.trim().split('\n'), ['true true', 'false null'], stderr);
});

test('mode never leads never there, as the environment may say; a Lease has to be named', (t) => {
  const { stdout, stderr } = runElsewhere(
    installed(t),
    `process.env.LEASEHOLD_MODE = 'never';
    const election = await new LeaderElection({ lease: 'jobs' }).start();
    console.log(election.isLeader, election.status().mode, election.status().whyNotLeading);
    await election.waitForLeadership({ signal: AbortSignal.timeout(1) }).catch(({ message }) => console.log(message));
    await election.stop();
    try { new LeaderElection(); } catch (error) { console.log(error.name, error.message); }`,
  );
  assert.deepEqual(
    stdout.trim().split('\n'),
    [
      'false never the mode is `never`',
      'not the leader of `jobs`: the mode is `never`',
      'ConfigError lease = `undefined`: name the Lease, here or in `LEASEHOLD_LEASE`',
    ],
    stderr,
  );
});
