import type { Engine } from './engine.js';
import { drainAll } from './environment.js';
import { call } from './errors.js';
import { loadLibrary } from './loader.js';
import { publish } from './log.js';
import type { LogRecord } from './log.js';
import { inOptions, settingsOf } from './options.js';
import type { LeaderElectionOptions } from './options.js';

/** What the native library exports. */
interface Library {
  Bell: new (wake: () => void) => object;
  NativeElection: new (settings: Record<string, string>, bell: object) => Engine;
  openLog(bell: object): void;
  takeLog(): LogRecord[];
}

let opened: { library: Library; bell: object } | undefined;

/** An election of the core. Loads the library at first use. */
export function openEngine(options: LeaderElectionOptions): Engine {
  const settings = settingsOf(options);
  const { library, bell } = (opened ??= open());
  return call(() => new library.NativeElection(settings, bell), inOptions);
}

function open(): { library: Library; bell: object } {
  const library = loadLibrary() as Library;
  const bell = new library.Bell(() => {
    drainAll();
    library.takeLog().forEach(publish);
  });
  library.openLog(bell);
  return { library, bell };
}
