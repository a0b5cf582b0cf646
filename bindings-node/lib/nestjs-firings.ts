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
  getCronJob(name: string): { readonly cronTime: CronTime };
}

/** The schedules of the application's jobs. */
export class Schedules {
  readonly #registry: CronRegistry | undefined;

  constructor(registry?: CronRegistry) {
    this.#registry = registry;
  }

  /** The schedule of a job; undefined as long as there is none. */
  of(job: string): CronTime | undefined {
    if (!this.#registry) {
      const fix = 'give `LeaseholdModule` the `SchedulerRegistry` of `@nestjs/schedule`, to claim firings';
      throw wrong('scheduler', undefined, fix);
    }
    return this.#registry.doesExist('cron', job) ? this.#registry.getCronJob(job).cronTime : undefined;
  }
}

/** The firings of a job, which are claimed. */
export class Firings {
  readonly #election: LeaderElection;
  readonly #schedules: Schedules;
  readonly #job: string;

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
    const schedule = this.#schedules.of(this.#job);
    if (!schedule) throw new Error(`no cron job \`${this.#job}\` is scheduled, so nobody knows its firings`);
    return (await this.#election.claim(this.#job, dueNow(schedule))) ? run() : undefined;
  }

  /** From now on, each term begins with the firing that was missed, if one was. */
  runMissed(withinMs: number, run: () => unknown): void {
    this.#election.on('acquired', (term) =>
      this.#claimMissed(term, withinMs, run).catch((error: unknown) => {
        // As `@nestjs/schedule` does it for other firings.
        new Logger('Scheduler').error(error);
      }),
    );
  }

  async #claimMissed(term: Term, withinMs: number, run: () => unknown): Promise<void> {
    const schedule = await this.#scheduled(term);
    const due = schedule && dueWithin(schedule, withinMs);
    if (!due) return;
    await this.#election.runIfLeader(async () =>
      (await this.#election.claimMissed(this.#job, due, { withinMs })) ? run() : undefined,
    );
  }

  /** Nest schedules jobs when all else has started, which may be after this instance leads. */
  async #scheduled(term: Term): Promise<CronTime | undefined> {
    for (;;) {
      const schedule = this.#schedules.of(this.#job);
      if (schedule || !term.isValid) return schedule;
      await new Promise((resolve) => setTimeout(resolve, LOOK_PERIOD_MS).unref());
    }
  }
}

const LOOK_PERIOD_MS = 50;
