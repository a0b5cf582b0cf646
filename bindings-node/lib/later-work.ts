import { inspect } from 'node:util';

/** Refuses what is not a function before anybody asks who leads: its work goes on already, everywhere. */
export function checkWork(work: unknown, method: string): void {
  if (typeof work === 'function') return;
  const isPromise = typeof (work as { then?: unknown } | null | undefined)?.then === 'function';
  const shown = isPromise ? 'a promise' : inspect(work, { depth: 0 });
  throw new TypeError(
    `work is ${shown}: pass a function, not what it returns: ${method}(() => job())`,
  );
}

/** Refuses the outcome of work that goes on, or only begins, when nothing holds the Lease for it. */
export function checkOutcome<T>(outcome: T): T {
  const kind = kindOfLaterWork(outcome);
  if (kind === undefined) return outcome;
  throw new TypeError(
    `the work returned ${kind}, which goes on when the Lease is released: await its end within the work`,
  );
}

/** By what it can do, since it may come from another realm. */
function kindOfLaterWork(outcome: unknown): string | undefined {
  if (typeof outcome !== 'object' || outcome === null) return undefined;
  if (Symbol.asyncIterator in outcome) return 'a stream or an async iterator';
  if (Symbol.iterator in outcome && 'next' in outcome) return 'an iterator';
  if ('hasRef' in outcome && 'refresh' in outcome) return 'a timer';
  if ('kill' in outcome && 'exitCode' in outcome && outcome.exitCode === null)
    return 'a child process';
  return undefined;
}
