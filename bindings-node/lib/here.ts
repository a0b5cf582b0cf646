// CommonJS alone; bundlers take the ES modules instead, for which `build.mjs` writes this file.

import { createRequire } from 'node:module';

import type { Platform } from './platform.js';

/** Where this file is, or the bundle that it has become part of. */
export const here = __filename;

/** Makes what loads from a place. */
export const loadFrom = createRequire;
/** Loads from here. */
export const load: NodeJS.Require = require;

/* eslint-disable @typescript-eslint/no-require-imports -- an import would be one of all of them */
/**
 * The packages with a library, each by a call of its own with its name, so that what traces the files
 * of an application finds it. None in the ES modules: a bundler would try to take the library in.
 */
export const PACKAGES: Readonly<Partial<Record<Platform, () => unknown>>> = {
  'linux-x64-gnu': () => require('@leasehold/linux-x64-gnu') as unknown,
  'linux-x64-musl': () => require('@leasehold/linux-x64-musl') as unknown,
  'linux-arm64-gnu': () => require('@leasehold/linux-arm64-gnu') as unknown,
  'linux-arm64-musl': () => require('@leasehold/linux-arm64-musl') as unknown,
  'darwin-arm64': () => require('@leasehold/darwin-arm64') as unknown,
  'darwin-x64': () => require('@leasehold/darwin-x64') as unknown,
  'win32-x64': () => require('@leasehold/win32-x64') as unknown,
};
