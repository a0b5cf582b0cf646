// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
import { LeaseholdError } from './leasehold-error.js';

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

/**
 * It took too long: a request, of which nobody knows whether it took effect, or a wait. The message
 * says what was waited for.
 */
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

/**
 * Work that is to run once has failed as often as it may: the message says with what. It is not
 * tried again under this key.
 */
export class WorkFailedError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('work_failed', message, options);
  }
}

/** This process is a fork of the one that started the election: start one of its own. */
export class ForkedError extends LeaseholdError {
  constructor(message: string, options?: ErrorOptions) {
    super('forked', message, options);
  }
}

/** The election has been stopped or closed, or was never started. */
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
