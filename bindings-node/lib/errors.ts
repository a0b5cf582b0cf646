/** What went wrong, and so what to do: the names are the same in every language of Leasehold. */
export type ErrorCode =
  | 'config'
  | 'forbidden'
  | 'unauthorized'
  | 'unavailable'
  | 'timed_out'
  | 'corrupt'
  | 'identity_conflict'
  | 'leadership_lost'
  | 'forked'
  | 'closed'
  | 'internal';

/** Any error of Leasehold. Its `code`, and its class, say what went wrong. */
export class LeaseholdError extends Error {
  /** What went wrong. */
  readonly code: ErrorCode;

  /** An error of that `code`; `message` names what was attempted and what would help. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    // Not the name of the class, which a bundler may have made a letter of.
    this.name = new.target === LeaseholdError ? 'LeaseholdError' : nameOf(code);
  }
}

function nameOf(code: ErrorCode): string {
  const words = code.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Error`;
}

/** A setting is wrong: the message names the field, its value and the fix. Retrying cannot help. */
export class ConfigError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('config', message, options);
  }
}

/** The API server refuses a verb: grant the Role that the message prints. */
export class ForbiddenError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('forbidden', message, options);
  }
}

/** The credentials were not accepted: they have expired or belong to another cluster. */
export class UnauthorizedError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('unauthorized', message, options);
  }
}

/** The store cannot be reached or refuses work for now. The election goes on trying. */
export class UnavailableError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('unavailable', message, options);
  }
}

/** No answer within the time limit; the message of a wait says why this instance does not lead. */
export class TimedOutError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('timed_out', message, options);
  }
}

/** The stored record cannot be understood: the message says what is wrong with it. */
export class CorruptError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('corrupt', message, options);
  }
}

/** Another process writes under this candidate's identity: give each its own. */
export class IdentityConflictError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('identity_conflict', message, options);
  }
}

/** This instance is not, or no longer, the leader: stop the guarded work. */
export class LeadershipLostError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('leadership_lost', message, options);
  }
}

/** This process is a fork of the one that started the election: start one of its own. */
export class ForkedError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('forked', message, options);
  }
}

/** The election has been stopped, or was never started. */
export class ClosedError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('closed', message, options);
  }
}

/** A defect in Leasehold: please report it. */
export class InternalError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('internal', message, options);
  }
}

type ErrorClass = new (message: string, options?: ErrorOptions) => LeaseholdError;

const CLASSES: Readonly<Record<ErrorCode, ErrorClass>> = {
  config: ConfigError,
  forbidden: ForbiddenError,
  unauthorized: UnauthorizedError,
  unavailable: UnavailableError,
  timed_out: TimedOutError,
  corrupt: CorruptError,
  identity_conflict: IdentityConflictError,
  leadership_lost: LeadershipLostError,
  forked: ForkedError,
  closed: ClosedError,
  internal: InternalError,
};

/** @internal The error of the class that belongs to its code. */
export function errorOf({ code, message }: { code: ErrorCode; message: string }): LeaseholdError {
  return new CLASSES[code](message);
}

/**
 * @internal Calls the core; what it throws becomes an error of the class that belongs to it, with
 * the message `reworded`.
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
  return typeof code === 'string' && Object.hasOwn(CLASSES, code);
}
