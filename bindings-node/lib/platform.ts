import { readFileSync } from 'node:fs';

/** What there are packages with the native half for, as npm's names of systems and machines make it. */
export const PLATFORMS = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-arm64',
  'darwin-x64',
  'win32-x64',
] as const;

/** One of them. */
export type Platform = (typeof PLATFORMS)[number];

/** What this program runs on, named in the same way, whether or not there is a package for it. */
export function platform(): string {
  const name = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' ? `${name}-${libc()}` : name;
}

/** Whether there is a package for it. */
export function isSupported(name: string): name is Platform {
  return PLATFORMS.some((each) => each === name);
}

/** What runs this program, and with which C library, for people. */
export function runtime(): string {
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  const engine = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${process.version}`;
  const glibc = glibcVersion();
  return glibc ? `${engine} with glibc ${glibc}` : engine;
}

/**
 * The C library that this program is linked to; there may be others in the system. Read from its own
 * mappings: `process.report` knows as well, but takes 4 ms.
 */
function libc(): 'gnu' | 'musl' {
  try {
    return readFileSync('/proc/self/maps', 'utf8').includes('/ld-musl-') ? 'musl' : 'gnu';
  } catch {
    return 'gnu';
  }
}

function glibcVersion(): string | undefined {
  // Bun and Deno may have no report, or one without it.
  const { report } = process as { report?: { getReport?: () => object } };
  const { header } = (report?.getReport?.() ?? {}) as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}
