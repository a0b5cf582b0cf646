import { Logger } from '@nestjs/common';

import { wrong } from './checks.js';
import { dueNow, dueWithin } from './cron-schedule.js';
import type { CronTime } from './cron-schedule.js';
import type { LeaderElection } from './election.js';
import type { Term } from './term.js';
import { setTimeout } from './timers.js';

/** What of the `SchedulerRegistry` of `@nestjs/schedule` is needed. */
export interface CronRegistry {
  doesExist(type: 'cron', name: string): boolean;
  getCronJob(name: string): CronJob;
}

/** As the package `cron` has it. */
export interface CronJob {
  readonly cronTime: CronTime;
  readonly isActive?: boolean | undefined;
  /** What `isActive` is in version 3. */
  readonly running?: boolean | undefined;
  lastDate(): Date | null;
}

/** The schedules of the application's jobs. */
export class Schedules {
  readonly #registry: CronRegistry | undefined;
  #bootstrapped: number | undefined;

  constructor(registry?: CronRegistry) {
    this.#registry = registry;
  }

  /** Nest schedules the jobs in the same hook, before this or after. */
  onApplicationBootstrap(): void {
    this.#bootstrapped = performance.now();
  }

  /** Whether all is scheduled, and has started, that does so by itself after such a delay. */
  haveStarted(delayMs: number): boolean {
    return this.#bootstrapped !== undefined && performance.now() - this.#bootstrapped > delayMs + START_LIMIT_MS;
  }

  /** The job of that name; undefined as long as there is none. */
  of(job: string): CronJob | undefined {
    if (!this.#registry) {
      const fix = 'give `LeaseholdModule` the `SchedulerRegistry` of `@nestjs/schedule`, to claim firings';
      throw wrong('scheduler', undefined, fix);
    }
    return this.#registry.doesExist('cron', job) ? this.#registry.getCronJob(job) : undefined;
  }
}

/** The firings of a job, which are claimed. */
export class Firings {
  readonly #election: LeaderElection;
  readonly #schedules: Schedules;
  readonly #job: string;
  #hasWarned = false;

  constructor(election: LeaderElection, schedules: Schedules, job: string) {
    // Each refuses at startup what it would refuse when the job is due.
    election.lastFiring(job);
    schedules.of(job);
    this.#election = election;
    this.#schedules = schedules;
    this.#job = job;
  }

  /** Runs the firing that is due now, if nobody has begun it. */
  async claim(run: () => unknown): Promise<unknown> {
    const scheduled = this.#schedules.of(this.#job);
    if (!scheduled) throw new Error(`no cron job \`${this.#job}\` is scheduled, so nobody knows its firings`);
    return (await this.#election.claim(this.#job, dueNow(scheduled.cronTime))) ? run() : undefined;
  }

  /**
   * From now on, each term begins with the firing that was missed, if one was. The job itself starts so long
   * after the application.
   */
  runMissed(withinMs: number, delayMs: number, run: () => unknown): void {
    this.#election.on('acquired', (term) =>
      this.#claimMissed(term, withinMs, delayMs, run).catch((error: unknown) => {
        // As `@nestjs/schedule` does it for other firings.
        new Logger('Scheduler').error(error);
      }),
    );
  }

  async #claimMissed(term: Term, withinMs: number, delayMs: number, run: () => unknown): Promise<void> {
    const job = await this.#started(term, delayMs);
    const due = job && dueWithin(job.cronTime, withinMs);
    if (!due) return;
    await this.#election.runIfLeader(async () =>
      (await this.#election.claimMissed(this.#job, due, { withinMs })) ? run() : undefined,
    );
  }

  /**
   * The job, unless it is disabled or was stopped: then it has missed nothing. Nest schedules jobs when all
   * else has started, which may be after this instance leads.
   */
  async #started(term: Term, delayMs: number): Promise<CronJob | undefined> {
    while (term.isValid) {
      const job = this.#schedules.of(this.#job);
      if (job && isActive(job)) return job;
      if (this.#schedules.haveStarted(delayMs)) {
        if (!job) this.#warn();
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_PERIOD_MS).unref());
    }
    return undefined;
  }

  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    new Logger('Scheduler').warn(`no cron job \`${this.#job}\` is scheduled, so what it missed is left out`);
  }
}

/** One for a single moment is not active any more after it, without having been stopped. */
function isActive(job: CronJob): boolean {
  return (job.isActive ?? job.running ?? true) || (job.cronTime.realDate && job.lastDate() !== null);
}

const LOOK_PERIOD_MS = 50;
/** Other modules may do much in the hook in which Nest schedules the jobs. */
const START_LIMIT_MS = 60_000;
