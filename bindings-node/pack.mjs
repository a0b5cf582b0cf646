// Makes the packages: the main one, and one with the native library for each platform.
//
//   node pack.mjs [FOLDER [PLATFORM=LIBRARY]…]
//
// By default into `packages/`, for this platform, with the library that stands beside this script.
// The main package names the others as optional dependencies, so that npm installs the one that fits.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const { platform } = createRequire(import.meta.url)('./dist/loader.js');

const [folder = join(here, 'packages'), ...given] = process.argv.slice(2);
const own = `${platform()}=${join(here, 'leasehold.node')}`;
const libraries = (given.length > 0 ? given : [own]).map((argument) => argument.split('='));

const { scripts, devDependencies, ...main } = JSON.parse(readFileSync(join(here, 'package.json')));
const { version, description, license, engines } = main;
const stage = mkdtempSync(join(tmpdir(), 'leasehold-pack-'));
mkdirSync(folder, { recursive: true });

const names = libraries.map(([name]) => `@leasehold/${name}`);
pack('leasehold', {
  ...main,
  optionalDependencies: Object.fromEntries(names.map((name) => [name, version])),
}, [
  [join(here, 'dist'), 'dist'],
  [join(here, 'README.md'), 'README.md'],
]);
for (const [name, library] of libraries) {
  const [os, cpu, libc] = name.split('-');
  pack(`leasehold-${name}`, {
    name: `@leasehold/${name}`,
    version,
    description: `${description}: the native library for ${name}`,
    license,
    engines,
    os: [os],
    cpu: [cpu],
    // As npm calls it: "glibc".
    ...(libc && { libc: [libc === 'gnu' ? 'glibc' : libc] }),
    main: 'leasehold.node',
    files: ['leasehold.node'],
  }, [[resolve(library), 'leasehold.node']]);
}
rmSync(stage, { recursive: true });

/** Puts a package together and packs it. */
function pack(name, description, files) {
  const root = join(stage, name);
  mkdirSync(root);
  writeFileSync(join(root, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
  cpSync(join(here, '..', 'LICENSE'), join(root, 'LICENSE'));
  for (const [from, to] of files) cpSync(from, join(root, to), { recursive: true });
  const options = ['pack', '--silent', '--pack-destination', resolve(folder)];
  console.log(join(folder, execFileSync('npm', options, { cwd: root, encoding: 'utf8' }).trim()));
}
