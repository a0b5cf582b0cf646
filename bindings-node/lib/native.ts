import type { Engine } from './engine.js';
import { drainAll } from './environment.js';
import { loadLibrary } from './loader.js';

/** What the native library exports. */
interface Library {
  Bell: new (wake: () => void) => object;
  NativeElection: new (settings: Record<string, string>, bell: object) => Engine;
}

let library: Library | undefined;
let bell: object | undefined;

/** An election of the core, with settings by its names. Loads the library at first use. */
export function openEngine(settings: Record<string, string>): Engine {
  library ??= loadLibrary() as Library;
  bell ??= new library.Bell(drainAll);
  return new library.NativeElection(settings, bell);
}
