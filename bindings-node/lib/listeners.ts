import { channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/** Calls each listener, whatever the others do, and mirrors the event on its diagnostics channel. */
export function tell(election: EventEmitter, event: string, value?: unknown): Promise<void>[] {
  const mirror = channel(`leasehold:${event}`);
  if (mirror.hasSubscribers) mirror.publish({ election, value });
  const listeners = election.rawListeners(event);
  return listeners.flatMap((listener) => attempt(() => listener.call(election, value)));
}

/**
 * Calls `work`. What it throws, then or as a promise, is an uncaught exception, as Node has it for a
 * listener that throws. Returns what is still to be waited for.
 */
export function attempt(work: () => unknown): Promise<void>[] {
  try {
    const outcome = work();
    return isPromise(outcome) ? [Promise.resolve(outcome).then(undefined, raise)] : [];
  } catch (error) {
    raise(error);
    return [];
  }
}

function isPromise(value: unknown): value is PromiseLike<void> {
  return typeof (value as PromiseLike<void> | undefined | null)?.then === 'function';
}

function raise(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
