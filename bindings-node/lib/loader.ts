import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { here, load, loadFrom, PACKAGES } from './here.js';
import { isSupported, platform, PLATFORMS, runtime } from './platform.js';

/** The variable that names a native library to be loaded instead of the package's own. */
const OVERRIDE = 'LEASEHOLD_NATIVE_LIBRARY';
const SCOPE = '@leasehold';
const FILE = 'leasehold.node';

/** The native half did not load. The message has every attempt, why it failed, and what would help. */
export class NativeLibraryError extends Error {
  /** What Node calls it. */
  readonly code = 'ERR_DLOPEN_FAILED';

  /** @internal */
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'NativeLibraryError';
  }
}

/** Loads the native half: the file that the environment names, else the one of this platform's package. */
export function loadLibrary(): unknown {
  const found = platform();
  const failures: { place: string; error: unknown }[] = [];
  for (const [place, open] of places(found)) {
    try {
      return open();
    } catch (error) {
      failures.push({ place, error });
    }
  }
  const message = [
    'the native half of Leasehold did not load',
    `found: ${found}, ${runtime()}`,
    `looked for: ${FILE} of the package ${SCOPE}/${found}`,
    `installed: ${installed().join(', ') || `no package ${SCOPE}/…`}`,
    ...failures.map(({ place, error }) => `tried ${place}: ${reason(error)}`),
    `what to do: ${advice(found)}`,
    'without it: mode `never` or `always` needs no native half',
  ].join('\n  ');
  throw new NativeLibraryError(message, { cause: failures[0]?.error });
}

/** Where the library may be. One that was asked for is not replaced by another. */
function places(found: string): [place: string, open: () => unknown][] {
  const file = (path: string): [string, () => unknown] => [path, () => load(path) as unknown];
  const override = process.env[OVERRIDE];
  if (override) return [file(override)];
  const folder = dirname(here);
  // The second is for a bundle and a single program; the last where a bundler says that it is where its
  // source was.
  const main = resolve(process.argv[1] ?? here);
  const name = `${SCOPE}/${found}`;
  return [
    file(join(folder, '..', FILE)),
    file(join(folder, FILE)),
    [name, isSupported(found) && PACKAGES[found] ? PACKAGES[found] : () => load(name) as unknown],
    [`${name} from ${main}`, () => loadFrom(main)(name) as unknown],
  ];
}

function advice(found: string): string {
  const override = process.env[OVERRIDE];
  if (override) return `name the library of this platform in ${OVERRIDE}, or none`;
  if (!isSupported(found))
    return `there is none for this platform, but for ${PLATFORMS.join(', ')}: build one, and name it in ${OVERRIDE}`;
  const name = `${SCOPE}/${found}${ownVersion()}`;
  return [
    `install on the platform where it runs, with optional dependencies (npm install --include=optional)`,
    `or add its package: npm install ${name}`,
    `a bundle or a single program needs that package, or its file ${FILE} beside it`,
  ].join('; ');
}

/** As a package manager takes it after a name; nothing in a bundle, which has no such file. */
function ownVersion(): string {
  try {
    const description = readFileSync(join(dirname(here), '..', 'package.json'), 'utf8');
    const { name, version } = JSON.parse(description) as { name?: string; version?: string };
    return name === 'leasehold' && version ? `@${version}` : '';
  } catch {
    return '';
  }
}

/** The packages with a library that are installed where this package looks for them. */
function installed(): string[] {
  const folders = (load.resolve.paths(SCOPE) ?? []).map((folder) => join(folder, SCOPE));
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => `${SCOPE}/${name}`));
}

/** Node adds a list of the modules that required it, which tells nothing here. */
function reason(error: unknown): string {
  const { message = error } = error as { message?: unknown };
  return String(message).split('\n', 1)[0] ?? '';
}
