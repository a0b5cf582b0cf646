import type { Engine } from './engine.js';
import { drainAll } from './environment.js';
import { loadLibrary } from './loader.js';
import { publish } from './log.js';
import type { LogRecord } from './log.js';

/** What the native library exports. */
interface Library {
  Bell: new (wake: () => void) => object;
  NativeElection: new (settings: Record<string, string>, bell: object) => Engine;
  openLog(bell: object): void;
  takeLog(): LogRecord[];
}

let opened: { library: Library; bell: object } | undefined;

/** An election of the core, with settings by its names. Loads the library at first use. */
export function openEngine(settings: Record<string, string>): Engine {
  opened ??= open();
  return new opened.library.NativeElection(settings, opened.bell);
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
