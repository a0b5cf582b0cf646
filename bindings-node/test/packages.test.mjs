// The packages as they are published: packed, and installed into an empty folder.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const PACKAGE = join(import.meta.dirname, '..');
const TOOLS = join(PACKAGE, 'node_modules', '.bin');

let home;
let packages;

before(() => {
  home = mkdtempSync(join(tmpdir(), 'leasehold-consumer-'));
  packages = execFileSync('npm', ['run', '--silent', 'pack', '--', join(home, 'packages')], {
    cwd: PACKAGE,
    encoding: 'utf8',
  })
    .trim()
    .split('\n');
  writeFileSync(join(home, 'package.json'), '{ "private": true }');
  run('npm', 'install', '--offline', '--silent', '--no-audit', '--no-fund', ...packages);
});

after(() => {
  rmSync(home, { recursive: true, force: true });
});

/** Runs a program in the consumer's folder, and returns what it said. */
function run(program, ...arguments_) {
  const { status, stdout, stderr } = spawnSync(program, arguments_, { cwd: home, encoding: 'utf8' });
  assert.equal(status, 0, `${program} ${arguments_.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

test('one package and one library are installed, and nothing else', () => {
  const installed = JSON.parse(readFileSync(join(home, 'node_modules', '.package-lock.json')));
  const names = Object.keys(installed.packages).sort();
  assert.equal(names.length, 2);
  assert.match(names[0], /^node_modules\/@leasehold\//);
  assert.equal(names[1], 'node_modules/leasehold');
});

test('it is used as ES module and as CommonJS', () => {
  const use = `const e = new LeaderElection({ lease: 'jobs', mode: 'always' });
    e.start().then(() => e.lead(() => console.log(e.isLeader))).then(() => e.stop());`;
  const esm = `import { LeaderElection } from 'leasehold'; ${use}`;
  const commonJs = `const { LeaderElection } = require('leasehold'); ${use}`;
  assert.equal(run(process.execPath, '--input-type=module', '-e', esm), 'true\n');
  assert.equal(run(process.execPath, '-e', commonJs), 'true\n');
});

test('its types are those of the oldest Node that is supported, however modules are found', () => {
  cpSync(join(import.meta.dirname, 'consumer'), home, { recursive: true });
  writeFileSync(
    join(home, 'old.ts'),
    `import { FakeLeaderElection } from 'leasehold/testing';
    new FakeLeaderElection().on('acquired', (term) => term.fencingToken satisfies bigint);`,
  );
  for (const [file, modules] of [
    ['consumer.mts', { module: 'node16' }],
    ['consumer.mts', { module: 'esnext', moduleResolution: 'bundler' }],
    ['old.ts', { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' }],
  ]) {
    const compilerOptions = {
      ...modules,
      target: 'es2022',
      lib: ['es2022'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['types-node-20-0'],
      typeRoots: [join(PACKAGE, 'node_modules')],
    };
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
    const { stdout } = spawnSync(join(TOOLS, 'tsc'), { cwd: home, encoding: 'utf8' });
    // Those types are older than the compiler, which complains of them in their own files.
    const errors = stdout.split('\n').filter((it) => it && !/^ |types-node-20-0/.test(it));
    assert.deepEqual(errors, [], JSON.stringify(modules));
  }
  rmSync(join(home, 'old.ts'));
});

test('it is used from TypeScript under --strict, as ES module and as CommonJS', () => {
  cpSync(join(import.meta.dirname, 'consumer'), home, { recursive: true });
  const compilerOptions = {
    module: 'node20',
    target: 'es2022',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots: [join(PACKAGE, 'node_modules', '@types')],
  };
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  run(join(TOOLS, 'tsc'));
  const said = 'leader true 1\ntrue false\n';
  assert.equal(run(process.execPath, 'consumer.mjs'), said);
  assert.equal(run(process.execPath, 'consumer.cjs'), said);
});

test('the types are right for each way to resolve them (attw)', () => {
  run(join(TOOLS, 'attw'), '--profile', 'node16', '--no-emoji', packages[0]);
});

test('the package is small', (t) => {
  const size = (folder) =>
    readdirSync(folder, { recursive: true })
      .map((name) => statSync(join(folder, name)))
      .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
  const own = size(join(home, 'node_modules', 'leasehold'));
  t.diagnostic(`${own} bytes, and the library ${size(join(home, 'node_modules', '@leasehold'))}`);
  // Its types, with their documentation, and the same code twice: for Node and for bundlers. What tells which
  // firings of Nest and node-cron were missed has 27 kB of it.
  assert.ok(own < 300_000);
});
