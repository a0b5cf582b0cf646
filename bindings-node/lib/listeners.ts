import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';

/**
 * Calls each listener, no matter what the others do, and mirrors the event on its diagnostics
 * channel. `call` is how. Resolves when all that they returned has settled; undefined if there is nothing to wait
 * for.
 */
export function tell(
  election: EventEmitter,
  event: string,
  value?: unknown,
  call = attempt,
): Promise<unknown> | undefined {
  const mirror = channel(`leasehold:${event}`);
  if (mirror.hasSubscribers) mirror.publish({ election, value });
  const promises = election
    .rawListeners(event)
    .map((listener) => call(() => Reflect.apply(listener, election, [value])))
    .filter((promise) => promise !== undefined);
  return promises.length === 0 ? undefined : Promise.all(promises);
}

/**
 * Calls `work`. What it throws, then or as a promise, is an uncaught exception, as Node has it for a
 * listener that throws. Returns what is still to be waited for, which never rejects.
 */
function attempt(work: () => unknown): Promise<unknown> | undefined {
  try {
    const outcome = work();
    return isPromise(outcome) ? Promise.resolve(outcome).catch(raise) : undefined;
  } catch (error) {
    raise(error);
    return undefined;
  }
}

/** What has called the present code, if it is of a listener whose end a stop of its election waits for. */
const callers = new AsyncLocalStorage<{ election: EventEmitter; goesOn: boolean }>();

/** As {@link attempt}, for an election whose stop waits until that has settled. */
export function attemptFor(election: EventEmitter): typeof attempt {
  return (work) => {
    const caller = { election, goesOn: true };
    const outcome = callers.run(caller, attempt, work);
    const end = () => {
      caller.goesOn = false;
    };
    if (outcome) void outcome.then(end);
    else end();
    return outcome;
  };
}

/** Whether a stop of the election waits for what has called the present code. */
export function isWithinListenerOf(election: EventEmitter): boolean {
  const caller = callers.getStore();
  return caller?.election === election && caller.goesOn;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function';
}

function raise(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
