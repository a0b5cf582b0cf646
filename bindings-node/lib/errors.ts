import * as classes from './error-classes.js';
import type { LeaseholdError } from './leasehold-error.js';
import type { ErrorCode } from './words.js';

const CLASSES = new Map(
  Object.values(classes).map((ErrorClass) => [new ErrorClass('').code, ErrorClass] as const),
);

/** The error of the class that belongs to its code. */
export function errorOf({ code, message }: { code: ErrorCode; message: string }): LeaseholdError {
  return new (CLASSES.get(code) ?? classes.InternalError)(message);
}

/**
 * Calls the core; what it throws becomes an error of the class that belongs to it, with the message
 * `reworded`.
 */
export function call<T>(core: () => T, reworded = (message: string) => message): T {
  try {
    return core();
  } catch (error) {
    if (!isOfCore(error)) throw error;
    throw errorOf({ code: error.code, message: reworded(error.message) });
  }
}

function isOfCore(error: unknown): error is { code: ErrorCode; message: string } {
  // Not by its class: the core's errors may be of another realm, as in Jest.
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && CLASSES.has(code as ErrorCode);
}
