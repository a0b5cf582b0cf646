import { hostname } from 'node:os';

import { wrong } from './checks.js';
import type { Engine, EngineStatus } from './engine.js';
import { FakeEngine } from './fake-engine.js';
import type { NativeLibraryError } from './loader.js';
import { publish } from './log.js';
import { clearTimeout, setTimeout } from './timers.js';

/** The modes whose answer is known without asking anybody. */
type FixedMode = 'always' | 'never';

let hasWarned = false;
/** Tokens grow from one election of the process to the next. */
let lastToken = 0;

/**
 * The engine for a program that says it needs no election, on a platform for which there is no native
 * half; undefined if it needs one. Settings other than these mean nothing there, and are not checked.
 */
export function openFixed(
  settings: Readonly<Record<string, string>>,
  failure: NativeLibraryError,
): Engine | undefined {
  const setting = (name: string) => settings[name] ?? process.env[`LEASEHOLD_${name.toUpperCase()}`];
  const mode = setting('mode');
  if (mode !== 'always' && mode !== 'never') return undefined;
  const lease = setting('lease');
  if (!lease) throw wrong('lease', lease, 'name the Lease, here or in `LEASEHOLD_LEASE`');
  if (!hasWarned) {
    hasWarned = true;
    const message = `mode \`${mode}\` is answered without the native half: ${failure.message}`;
    publish({ level: 'warn', target: 'leasehold', message });
  }
  const { drain_timeout: drain } = settings;
  return new FixedEngine(mode, lease, setting('identity') ?? hostname(), drain);
}

/** What leads while it runs, or never does. There is no Lease. */
class FixedEngine extends FakeEngine {
  readonly #mode: FixedMode;
  #grace: NodeJS.Timeout | undefined;

  constructor(mode: FixedMode, lease: string, identity: string, drainSeconds?: string) {
    super(lease, identity, drainSeconds === undefined ? undefined : Number(drainSeconds) * 1e3);
    this.#mode = mode;
  }

  override start(): void {
    super.start();
    // What is left of an earlier run has had its time.
    this.#lead(true);
  }

  /** There is nobody else: it leads again, in a new term, when the work of the last has ended, or has had its time. */
  override stepDown(): void {
    super.stepDown();
    this.#lead(false);
    clearTimeout(this.#grace);
    this.#grace = setTimeout(() => {
      this.#lead(true);
    }, this.drainMs).unref();
  }

  override finish(unfinished: number): void {
    super.finish(unfinished);
    this.#lead(false);
  }

  /** There is no Lease. */
  protected override readonly remembers = false;

  /** Never done in mode `never`. */
  override beginOnce(key: string): number | null {
    const call = super.beginOnce(key);
    if (this.#mode === 'never' && call !== null) this.decline(call);
    return call;
  }

  protected override nextToken(): number {
    lastToken += 1;
    return lastToken;
  }

  #lead(isGraceOver: boolean): void {
    if (this.#mode === 'always' && this.mayLead && (isGraceOver || this.isIdle())) this.acquire();
  }

  override status(): EngineStatus {
    const status = super.status();
    const why = this.mayLead ? `the mode is \`${this.#mode}\`` : 'the election is not running';
    return { ...status, mode: this.#mode, whyNotLeading: status.whyNotLeading && why };
  }
}
