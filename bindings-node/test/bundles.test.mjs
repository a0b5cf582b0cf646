// An application that a bundler has made one file of, and what a tracer takes along with it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { nodeFileTrace } from '@vercel/nft';
import { build } from 'esbuild';
import webpack from 'webpack';

import { folder } from './support.mjs';

const PACKAGE = join(import.meta.dirname, '..');
const USE = `const election = new LeaderElection({ lease: 'jobs', mode: 'always' });
  election.start().then(() => election.lead(() => console.log(election.isLeader))).then(() => election.stop());`;
const SOURCES = {
  'application.mjs': `import { LeaderElection } from 'leasehold';\n${USE}`,
  'application.cjs': `const { LeaderElection } = require('leasehold');\n${USE}`,
};

/** A folder with an application, into which the packages are installed. */
function application(t) {
  const root = realpathSync(folder(t));
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(root, name), text);
  const modules = join(root, 'node_modules');
  for (const file of ['package.json', 'dist'])
    cpSync(join(PACKAGE, file), join(modules, 'leasehold', file), { recursive: true });
  const platform = join(modules, '@leasehold', libraryPackage());
  mkdirSync(platform, { recursive: true });
  cpSync(join(PACKAGE, 'leasehold.node'), join(platform, 'leasehold.node'));
  writeFileSync(join(platform, 'package.json'), '{ "main": "leasehold.node" }');
  return root;
}

function libraryPackage() {
  const script = `console.log(require('./dist/platform.js').platform())`;
  return run(['-e', script], PACKAGE).stdout.trim();
}

function run(args, cwd) {
  return spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
}

/** Moves the bundle elsewhere, with what is needed beside it, and runs it. */
function leads(t, root, bundle, needed) {
  const elsewhere = folder(t);
  cpSync(join(root, bundle), join(elsewhere, bundle));
  for (const [from, to] of needed) cpSync(join(root, from), join(elsewhere, to), { recursive: true });
  const { stdout, stderr } = run([bundle], elsewhere);
  assert.equal(stdout, 'true\n', stderr);
}

const LIBRARY = ['node_modules/@leasehold', 'node_modules/@leasehold'];
const FILE = [`node_modules/@leasehold/${libraryPackage()}/leasehold.node`, 'leasehold.node'];

for (const source of Object.keys(SOURCES))
  for (const [format, extension] of [['esm', 'mjs'], ['cjs', 'cjs']])
    test(`what esbuild makes of ${source} as ${format} leads`, async (t) => {
      const root = application(t);
      const bundle = `bundle.${extension}`;
      const { warnings } = await build({
        absWorkingDir: root,
        entryPoints: [source],
        outfile: bundle,
        bundle: true,
        minify: true,
        platform: 'node',
        format,
        logLevel: 'silent',
      });
      assert.deepEqual(warnings, []);
      leads(t, root, bundle, [LIBRARY]);
      leads(t, root, bundle, [FILE]);
    });

for (const source of Object.keys(SOURCES))
  test(`what webpack makes of ${source} leads`, async (t) => {
    const root = application(t);
    const output = { path: root, filename: 'bundle.cjs' };
    const options = { mode: 'production', target: 'node', entry: `./${source}`, context: root, output };
    const stats = await promisify(webpack)(options);
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    assert.deepEqual([...errors, ...warnings], []);
    leads(t, root, 'bundle.cjs', [LIBRARY]);
  });

for (const source of Object.keys(SOURCES))
  test(`a tracer takes the library along with ${source}`, async (t) => {
    const root = application(t);
    const { fileList } = await nodeFileTrace([join(root, source)], { base: root });
    assert.ok(fileList.has(FILE[0]), [...fileList].join());
  });
