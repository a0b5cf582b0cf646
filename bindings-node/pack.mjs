// Makes the packages: the main one, and one with the native library for each platform.
//
//   node pack.mjs [FOLDER [PLATFORM=LIBRARY]…]
//
// By default into `packages/`, for this platform, with the library that stands beside this script.
// The main package names those of all platforms as optional dependencies, so that what installs it takes
// the one that fits: all of them from the first release on, also where only some are packed here, since
// a lock file that knows one platform only would keep the others out.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const here = import.meta.dirname;
const { platform, PLATFORMS } = createRequire(import.meta.url)('./dist/platform.js');

const [folder = join(here, 'packages'), ...given] = process.argv.slice(2);
const own = `${platform()}=${join(here, 'leasehold.node')}`;
const libraries = (given.length > 0 ? given : [own]).map((argument) => argument.split('='));

const { scripts, devDependencies, ...main } = JSON.parse(readFileSync(join(here, 'package.json')));
const { version, description, license, homepage, repository, bugs, publishConfig, engines } = main;
const stage = mkdtempSync(join(tmpdir(), 'leasehold-pack-'));
mkdirSync(folder, { recursive: true });

pack('leasehold', {
  ...main,
  optionalDependencies: Object.fromEntries(PLATFORMS.map((name) => [`@leasehold/${name}`, version])),
}, [
  [join(here, 'dist'), 'dist'],
  [join(here, 'README.md'), 'README.md'],
]);
for (const [name, library] of libraries) {
  if (!PLATFORMS.includes(name)) throw new Error(`${name}: no such platform: use one of ${PLATFORMS.join(', ')}`);
  const [os, cpu, libc] = name.split('-');
  pack(`leasehold-${name}`, {
    name: `@leasehold/${name}`,
    version,
    description: `${description}: the native half for ${name}`,
    license,
    homepage,
    repository,
    bugs,
    publishConfig,
    engines,
    os: [os],
    cpu: [cpu],
    // As npm calls it: "glibc".
    ...(libc && { libc: [libc === 'gnu' ? 'glibc' : libc] }),
    // A library is loaded from a file of its own, not from an archive.
    preferUnplugged: true,
    main: 'leasehold.node',
    files: ['leasehold.node', 'NOTICE', 'sbom.cdx.json'],
  }, [[resolve(library), 'leasehold.node'], ...papers(dirname(library))]);
}
rmSync(stage, { recursive: true });

/** Whose work is in a library, and the list of it, which are beside one that will be published. */
function papers(folder) {
  return [
    [join(folder, 'leasehold-node.NOTICE'), 'NOTICE'],
    [join(folder, 'leasehold-node.cdx.json'), 'sbom.cdx.json'],
  ].filter(([file]) => existsSync(file));
}

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
