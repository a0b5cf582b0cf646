import type { Status } from './status.js';
import type { Acquisition, ErrorCode, LostReason } from './words.js';

/** @internal An error as the core gives it. */
export interface EngineError {
  code: ErrorCode;
  message: string;
}

/** @internal A status as the core gives it. */
export type EngineStatus = Omit<Status, 'failing' | 'toJSON'> & { failing: EngineError | null };

/** @internal A term of the core. */
export interface EngineTerm {
  readonly fencingToken: bigint;
  readonly transitions: number;
  readonly leaseUid: string;
  readonly acquiredAt: number;
  readonly acquisition: Acquisition;
  /** Whether it always reports its end, so that nobody has to look. */
  readonly isEndTold?: true;
  answer(): () => boolean;
  remaining(): number;
  check(): void;
}

/** @internal Work that has begun; `unfinished` is the number to finish it by. */
export interface EngineWork {
  term: EngineTerm;
  unfinished: number;
}

/** @internal Something that has happened. A loss is `unfinished` until listeners are done. */
export type EngineEvent =
  | { kind: 'started' | 'stopped' }
  | { kind: 'startFailed' | 'renewalFailing'; error: EngineError }
  | { kind: 'acquired'; term: EngineTerm }
  | { kind: 'lost'; term: EngineTerm; reason: LostReason; unfinished: number }
  | { kind: 'leaderChanged'; holder?: string }
  | OnceNews
  | ClaimNews;

/**
 * @internal News of a call of `runOnce`: the term to work under, and the number to end that by; then an
 * error, or whether the work is done `here`, or nothing if it has failed as was said last.
 */
export interface OnceNews {
  kind: 'once';
  call: number;
  term?: EngineTerm;
  unfinished?: number;
  error?: EngineError;
  here?: boolean;
}

/** @internal What came of a claim: an error, or whether the firing is begun by it. */
export interface ClaimNews {
  kind: 'claimed';
  call: number;
  isBegun?: boolean;
  error?: EngineError;
}

/**
 * @internal What drives an election: the core, or a test. Nothing in it blocks, save
 * `waitForEvent`; what has happened is taken out by `takeEvents`.
 */
export interface Engine {
  answer(): () => boolean;
  start(): void;
  requestStop(drainMs?: number): boolean;
  stepDown(): void;
  term(): EngineTerm | null;
  leader(): string | null;
  remainingMs(): number;
  status(): EngineStatus;
  metrics(): string;
  checkHealth(toleranceMs: number): void;
  signOfLife(): void;
  signOfLifePeriodMs(): number | null;
  takeEvents(): EngineEvent[];
  waitForEvent(): void;
  beginWork(): EngineWork | null;
  finish(unfinished: number): void;
  timeLeftMs(unfinished: number): number;
  isIdle(): boolean;
  beginOnce(key: string): number | null;
  onceEnded(unfinished: number, failure?: string): void;
  endOnce(call: number): void;
  beginClaim(job: string, dueMs: number, missedWithinMs?: number): number;
  lastFiring(job: string): number | null;
  notLeadingAfter(waitedMs: number): EngineError;
}
