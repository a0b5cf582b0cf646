import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The variable that names a native library to be loaded instead of the package's own. */
const OVERRIDE = 'LEASEHOLD_NATIVE_LIBRARY';
const SCOPE = '@leasehold';

const load = createRequire(__filename);

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
  for (const place of places(expected)) {
    try {
      return load(place) as unknown;
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
  ].join('\n  ');
  throw new NativeLibraryError(message, { cause: failures[0]?.error });
}

/** Where the library may be. One that was asked for is not replaced by another. */
function places(expected: string): string[] {
  const override = process.env[OVERRIDE];
  if (override) return [override];
  return [join(__dirname, '..', 'leasehold.node'), `${SCOPE}/${expected}`];
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
