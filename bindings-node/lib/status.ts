import type { EngineStatus } from './engine.js';
import { errorOf } from './errors.js';
import type { LeaseholdError } from './leasehold-error.js';
import type { Mode, Role } from './words.js';

/** How an election stands, for people and probes. */
export class Status {
  /** The name of the Lease. */
  readonly lease!: string;
  /** Where the Lease is kept. */
  readonly mode!: Mode;
  /** This candidate's holder string; null while it does not run. */
  readonly identity!: string | null;
  /** What this candidate is doing. */
  readonly role!: Role;
  /** The holder that the Lease names, as last observed. */
  readonly holder!: string | null;
  /** Why this instance is not leading, in a sentence; null while it leads. */
  readonly whyNotLeading!: string | null;
  /** The last request's error, until one succeeds again. */
  readonly failing!: LeaseholdError | null;
  /** Whether changes of the Lease are watched; otherwise they are polled. */
  readonly watching!: boolean;
  /** The present term's fencing token. */
  readonly fencingToken!: bigint | null;
  /** How long the leadership lasts unless it is renewed, in milliseconds; 0 when there is none. */
  readonly remainingMs!: number;

  /** @internal */
  constructor(status: EngineStatus) {
    Object.assign(this, status, { failing: status.failing && errorOf(status.failing) });
  }

  /**
   * As JSON has it: the fencing token is a string, since a number would lose its last digits, and
   * the error has its code and message.
   */
  toJSON(): object {
    const { fencingToken, failing, ...others } = this;
    return {
      ...others,
      failing: failing && { code: failing.code, message: failing.message },
      fencingToken: fencingToken?.toString() ?? null,
    };
  }
}
