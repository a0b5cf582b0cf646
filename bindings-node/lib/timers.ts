import timers from 'node:timers';

/**
 * The timers of Node as they were when this was loaded. A test that fakes them later must stop
 * neither an election's sign of life, nor wait for it.
 */
export const { setInterval, clearInterval, setTimeout, clearTimeout, setImmediate } = timers;
