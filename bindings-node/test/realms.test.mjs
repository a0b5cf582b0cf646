// As Jest and the vm pools of Vitest load it: in a realm of its own, but for the native library.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import vm from 'node:vm';

/** Loads a file and those that it requires in a new context. */
function inRealm(file) {
  const context = vm.createContext({ process, AbortController, AbortSignal, performance });
  const modules = new Map();
  const load = (path) => {
    if (modules.has(path)) return modules.get(path).exports;
    const module = { exports: {} };
    modules.set(path, module);
    const parameters = ['module', 'exports', 'require', '__filename', '__dirname'];
    const code = readFileSync(path, 'utf8');
    const compiled = vm.compileFunction(code, parameters, { filename: path, parsingContext: context });
    const own = createRequire(path);
    const require = (name) => (name.startsWith('.') ? load(join(dirname(path), name)) : own(name));
    compiled(module, module.exports, require, path, dirname(path));
    return module.exports;
  };
  return { Error: vm.runInContext('Error', context), ...load(file) };
}

const realm = inRealm(join(import.meta.dirname, '..', 'dist', 'index.js'));

test('in a realm of its own errors have their classes, and options their names', () => {
  assert.notEqual(realm.Error, Error);
  assert.throws(
    () => new realm.LeaderElection({ lease: 'jobs', leaseDurationMs: 2_500 }),
    (error) => {
      assert.ok(error instanceof realm.ConfigError && error instanceof realm.Error);
      assert.match(error.message, /^leaseDurationMs = 2500 ms: use whole seconds/);
      return true;
    },
  );
});

test('in a realm of its own a term that is over and a wait that is too long have their errors', async (t) => {
  const election = await new realm.LeaderElection({ lease: 'jobs', mode: 'always' }).start();
  t.after(() => election.stop());
  const term = await election.waitForLeadership();
  await election.stop();
  assert.throws(() => term.check(), realm.LeadershipLostError);
  const standby = await new realm.LeaderElection({ lease: 'jobs', mode: 'never' }).start();
  t.after(() => standby.stop());
  const wait = standby.waitForLeadership({ signal: AbortSignal.timeout(1) });
  await assert.rejects(wait, realm.TimedOutError);
});
