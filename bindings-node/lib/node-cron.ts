/**
 * Leasehold as the run coordinator of [node-cron](https://nodecron.com) 4: of all replicas the leader runs
 * what is due, and each firing runs once. Needs no import of node-cron, which Leasehold does not install.
 *
 * @module leasehold/node-cron
 */
import { checkMilliseconds, checkOptions, wrong } from './checks.js';
import type { LeaderElection } from './election.js';
import { publish } from './log.js';

/** What of node-cron's `ScheduledTask` is needed to run it. */
export interface Task {
  readonly name?: string | undefined;
  getStatus(): string;
  execute(): Promise<unknown>;
}

/** What becomes of a firing that was missed. */
export interface RunCoordinatorOptions {
  /**
   * How long ago a firing may have been due that this instance runs when it comes to lead, since nobody led
   * then, in milliseconds: of each task the latest that has come up here. By default what was missed is
   * left out. Needs `tasks`.
   */
  missedWithinMs?: number | undefined;
  /** node-cron's tasks, among which the one to run is found by its name: `cron.getTasks`. */
  tasks?: (() => ReadonlyMap<string, Task>) | undefined;
}

/** As node-cron has it. */
export interface RunCoordinator {
  shouldRun(key: string): Promise<boolean>;
  onComplete(key: string): void;
}

/**
 * A coordinator for `cron.setRunCoordinator`, or for the option `runCoordinator` of a task. A task that is
 * `distributed` and has a `name` runs on the leader only, as within {@link LeaderElection.runIfLeader}, and
 * each firing once, as by {@link LeaderElection.claim} under that name.
 *
 * ```js
 * cron.setRunCoordinator(runCoordinator(election));
 * cron.schedule('0 3 * * *', sendInvoices, { name: 'billing.invoices', distributed: true });
 * ```
 *
 * node-cron says which firing of the schedule is due, so that all replicas mean the same one. It logs why a
 * claim has failed, and does not run the task then.
 *
 * @throws {@link ConfigError} for options that are wrong.
 */
export function runCoordinator(
  election: LeaderElection,
  options: RunCoordinatorOptions = {},
): RunCoordinator {
  checkOptions(options, ['missedWithinMs', 'tasks'], '{ missedWithinMs: 3_600_000, tasks: cron.getTasks }');
  const { missedWithinMs, tasks } = options;
  if (missedWithinMs === undefined) return new Coordinator(election);
  checkMilliseconds('missedWithinMs', missedWithinMs);
  if (typeof tasks !== 'function') throw wrong('tasks', tasks, 'use `cron.getTasks`, so that what was missed is run');
  const coordinator = new Coordinator(election);
  election.on('acquired', () => coordinator.runMissed(tasks(), missedWithinMs));
  return coordinator;
}

class Coordinator implements RunCoordinator {
  readonly #election: LeaderElection;
  /** Ends the work of each firing that runs: in mode `always` perhaps of several tasks of one name. */
  readonly #underWay = new Map<string, (() => void)[]>();
  /** The latest firing of each job that came up here while another led, or nobody, or whose claim failed. */
  readonly #leftOut = new Map<string, Date>();

  constructor(election: LeaderElection) {
    this.#election = election;
  }

  async shouldRun(key: string): Promise<boolean> {
    const { job, due } = firingOf(key);
    return new Promise((answer, fail) => {
      const run = async (): Promise<true> => {
        const mayRun = await this.#election.claim(job, due);
        answer(mayRun);
        // The Lease is not released before the run has ended.
        if (mayRun) await new Promise<void>((end) => this.#underWay.set(key, [...(this.#underWay.get(key) ?? []), end]));
        return true;
      };
      const done = this.#election.runIfLeader(run);
      // If it counts as begun nevertheless, the next claim says so.
      done.catch(() => {
        this.#leaveOut(job, due);
      });
      done.then((ran) => {
        if (ran) return;
        this.#leaveOut(job, due);
        answer(false);
      }, fail);
    });
  }

  /** A claim that fails late does not hide a later firing. */
  #leaveOut(job: string, due: Date): void {
    const last = this.#leftOut.get(job);
    if (!last || last < due) this.#leftOut.set(job, due);
  }

  onComplete(key: string): void {
    const [end, ...others] = this.#underWay.get(key) ?? [];
    if (others.length > 0) this.#underWay.set(key, others);
    else this.#underWay.delete(key);
    end?.();
  }

  /** Runs what nobody has begun, if it was due so recently: this instance has come to lead. */
  async runMissed(tasks: ReadonlyMap<string, Task>, withinMs: number): Promise<void> {
    await Promise.all(
      [...this.#leftOut].map(async ([job, due]) => {
        const task = [...tasks.values()].find((it) => it.name === job && !STOPPED.includes(it.getStatus()));
        if (!task) return;
        try {
          await this.#election.runIfLeader(async () => {
            if (await this.#election.claimMissed(job, due, { withinMs })) await task.execute().catch(ignore);
          });
        } catch (error) {
          const message = `the firing of \`${job}\` that was missed is left out: ${String(error)}`;
          publish({ level: 'warn', target: 'leasehold', message });
        }
      }),
    );
  }
}

/** node-cron's key: the name of the task, and the time for which the schedule has the firing. */
function firingOf(key: string): { job: string; due: Date } {
  const [, job, due] = /^(.*):([-+\d]+T[\d:.]+Z)$/s.exec(key) ?? [];
  if (job === undefined || due === undefined)
    throw wrong('key', key, 'use node-cron 4, whose keys are the name of the task and the time of its firing');
  return { job, due: new Date(due) };
}

/** Whose task is so has missed nothing. */
const STOPPED = ['stopped', 'destroyed'];

/** node-cron has logged what the task failed with. */
function ignore(): void {
  // Nothing is left to do.
}
