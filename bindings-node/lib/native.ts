import type { Engine } from './engine.js';
import { drainAll } from './environment.js';
import { call } from './errors.js';
import { openFixed } from './fixed-engine.js';
import { loadLibrary, NativeLibraryError } from './loader.js';
import type { LockEngine } from './locks.js';
import { publish } from './log.js';
import type { LogRecord } from './log.js';
import { inOptions, settingsOf } from './options.js';
import type { LeaderElectionOptions } from './settings.js';

/** What the native library exports. */
interface Library {
  Waker: new (wake: () => void) => object;
  NativeElection: new (settings: Record<string, string>, waker: object) => Engine;
  NativeLocks: new (settings: Record<string, string>, waker: object) => LockEngine;
  openLog(waker: object): void;
  takeLog(): LogRecord[];
}

let opened: { library: Library; waker: object } | undefined;

/**
 * An election of the core. Loads the library at first use; without it, the modes that ask nobody
 * are answered nevertheless.
 */
export function openEngine(options: LeaderElectionOptions): Engine {
  const settings = settingsOf(options);
  try {
    opened ??= open();
  } catch (error) {
    const engine = error instanceof NativeLibraryError && openFixed(settings, error);
    if (engine) return engine;
    throw error;
  }
  const { library, waker } = opened;
  return call(() => new library.NativeElection(settings, waker), inOptions);
}

/** Locks of the core. Loads the library at first use. */
export function openLocks(options: LeaderElectionOptions): LockEngine {
  const settings = settingsOf(options);
  opened ??= open();
  const { library, waker } = opened;
  return call(() => new library.NativeLocks(settings, waker), inOptions);
}

function open(): { library: Library; waker: object } {
  const library = loadLibrary() as Library;
  const waker = new library.Waker(() => {
    drainAll();
    library.takeLog().forEach(publish);
  });
  library.openLog(waker);
  return { library, waker };
}
