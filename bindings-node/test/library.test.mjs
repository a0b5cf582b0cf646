import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder } from './support.mjs';

const OPEN = `new (require('leasehold').LeaderElection)({ lease: 'jobs', mode: 'never' })`;
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

const expected = new RegExp(
  `expected: @leasehold/${process.platform}-${process.arch}[-\\w]*, for Node ${process.version}`,
);

test('without a library, the error names what is expected, what is there, and each attempt', (t) => {
  const root = installed(t);
  mkdirSync(join(root, 'node_modules', '@leasehold', 'sunos-sparc'), { recursive: true });
  const { status, stderr } = open(root);
  assert.equal(status, 1);
  assert.match(stderr, /NativeLibraryError: the native library of Leasehold did not load/);
  assert.match(stderr, expected);
  assert.match(stderr, /found: @leasehold\/sunos-sparc/);
  assert.match(stderr, /tried .*leasehold\.node: Cannot find module/);
  assert.match(stderr, /tried @leasehold\/\S+: Cannot find module/);
  assert.match(stderr, /npm install --include=optional/);
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
