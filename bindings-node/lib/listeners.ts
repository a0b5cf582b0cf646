import { channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/**
 * Calls each listener, no matter what the others do, and mirrors the event on its diagnostics
 * channel. Resolves when all that they returned has settled; undefined if there is nothing to wait
 * for.
 */
export function tell(
  election: EventEmitter,
  event: string,
  value?: unknown,
): Promise<unknown> | undefined {
  const mirror = channel(`leasehold:${event}`);
  if (mirror.hasSubscribers) mirror.publish({ election, value });
  const promises = election
    .rawListeners(event)
    .map((listener) => attempt(() => Reflect.apply(listener, election, [value])))
    .filter((promise) => promise !== undefined);
  return promises.length === 0 ? undefined : Promise.all(promises);
}

/**
 * Calls `work`. What it throws, then or as a promise, is an uncaught exception, as Node has it for a
 * listener that throws. Returns what is still to be waited for, which never rejects.
 */
export function attempt(work: () => unknown): Promise<unknown> | undefined {
  try {
    const outcome = work();
    return isPromise(outcome) ? Promise.resolve(outcome).catch(raise) : undefined;
  } catch (error) {
    raise(error);
    return undefined;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function';
}

function raise(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
