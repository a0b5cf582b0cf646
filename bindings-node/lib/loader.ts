import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { here, load, loadFrom, PACKAGES } from './here.js';

/** The variable that names a native library to be loaded instead of the package's own. */
const OVERRIDE = 'LEASEHOLD_NATIVE_LIBRARY';
const SCOPE = '@leasehold';

/** The native library did not load. The message has every attempt, and why it failed. */
export class NativeLibraryError extends Error {
  /** What Node calls it. */
  readonly code = 'ERR_DLOPEN_FAILED';

  /** @internal */
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'NativeLibraryError';
  }
}

/** Loads the native library: the one that the environment names, else the package's own. */
export function loadLibrary(): unknown {
  const expected = platform();
  const failures: { place: string; error: unknown }[] = [];
  for (const [place, open] of places(expected)) {
    try {
      return open();
    } catch (error) {
      failures.push({ place, error });
    }
  }
  const message = [
    `the native library of Leasehold did not load`,
    `expected: ${SCOPE}/${expected}, for Node ${process.version}${glibcVersion()}`,
    `found: ${installed().join(', ') || `no package ${SCOPE}/…`}`,
    ...failures.map(({ place, error }) => `tried ${place}: ${reason(error)}`),
    'Install on the platform where it runs, with optional dependencies (npm install --include=optional).',
    `A bundle needs the package, or its file \`leasehold.node\` beside the bundle.`,
  ].join('\n  ');
  throw new NativeLibraryError(message, { cause: failures[0]?.error });
}

/** Where the library may be. One that was asked for is not replaced by another. */
function places(expected: string): [place: string, open: () => unknown][] {
  const file = (path: string): [string, () => unknown] => [path, () => load(path) as unknown];
  const override = process.env[OVERRIDE];
  if (override) return [file(override)];
  const folder = dirname(here);
  // The second is for a bundle; the last where a bundler says that it is where its source was.
  const main = process.argv[1] ?? here;
  const name = `${SCOPE}/${expected}`;
  return [
    file(join(folder, '..', 'leasehold.node')),
    file(join(folder, 'leasehold.node')),
    [name, PACKAGES[expected] ?? (() => load(name) as unknown)],
    [`${name} from ${main}`, () => loadFrom(main)(name) as unknown],
  ];
}

/** What this Node runs on, as the packages with the library are called. */
export function platform(): string {
  const name = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' ? `${name}-${libc()}` : name;
}

/**
 * The C library that this Node is linked to; there may be others in the system. Read from its own
 * mappings: `process.report` knows as well, but takes 4 ms.
 */
function libc(): 'gnu' | 'musl' {
  try {
    return readFileSync('/proc/self/maps', 'utf8').includes('/ld-musl-') ? 'musl' : 'gnu';
  } catch {
    return 'gnu';
  }
}

function glibcVersion(): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime ? ` with glibc ${header.glibcVersionRuntime}` : '';
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
