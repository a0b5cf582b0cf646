import type { Engine } from './engine.js';
import { drainAll } from './environment.js';
import { call } from './errors.js';
import { openFixed } from './fixed-engine.js';
import { loadLibrary, NativeLibraryError } from './loader.js';
import { publish } from './log.js';
import type { LogRecord } from './log.js';
import { inOptions, settingsOf } from './options.js';
import type { LeaderElectionOptions } from './settings.js';

/** What the native library exports. */
interface Library {
  Waker: new (wake: () => void) => object;
  NativeElection: new (settings: Record<string, string>, waker: object) => Engine;
  openLog(waker: object): void;
  takeLog(): LogRecord[];
}

let opened: { library: Library; waker: object } | undefined;

/**
 * An election of the core. Loads the library at first use; without it, the modes that ask nobody are
 * answered all the same.
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

function open(): { library: Library; waker: object } {
  const library = loadLibrary() as Library;
  const waker = new library.Waker(() => {
    drainAll();
    library.takeLog().forEach(publish);
  });
  library.openLog(waker);
  return { library, waker };
}
