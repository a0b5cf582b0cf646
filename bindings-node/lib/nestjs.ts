/**
 * Leasehold in a Nest application: a module whose election starts and stops with the application, and
 * a decorator for what only the leader does. Needs `@nestjs/common`, which Leasehold does not install.
 *
 * @module leasehold/nestjs
 */
import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, InjectionToken, Provider } from '@nestjs/common';

import { checkMilliseconds, checkOptions, wrong } from './checks.js';
import { ClusterLeaderService, clusterLeaderService } from './cluster-leader-service.js';
import type { ClusterLeaderServiceOptions } from './cluster-leader-service.js';
import { LeaderElection } from './election.js';
import { Firings, Schedules } from './nestjs-firings.js';
import type { CronRegistry } from './nestjs-firings.js';
import type { LeaderElectionOptions } from './settings.js';

/** What the application's schedulers are. */
export interface SchedulerOptions {
  /** The `SchedulerRegistry` of `@nestjs/schedule`, for methods that are {@link LeaderOnlyOptions.claim}ed. */
  scheduler?: InjectionToken | undefined;
}

/** The settings of the elections of an application. */
export interface LeaseholdModuleOptions extends ClusterLeaderServiceOptions, SchedulerOptions {}

/** Settings that are known only when the application starts. */
export interface LeaseholdAsyncOptions extends SchedulerOptions {
  /** Modules that export what is injected. */
  imports?: DynamicModule['imports'];
  /** What `useFactory` is called with. */
  inject?: InjectionToken[];
  /** Makes the settings, now or later. */
  useFactory: (...injected: never[]) => LeaderElectionOptions | Promise<LeaderElectionOptions>;
  /** Further Leases, each with an election of its own; by their names they are asked for. */
  elections?: readonly string[];
}

/**
 * Takes part in the election while the application runs. For the whole application it provides
 * `LeaderElection`, the main one, `ClusterLeaderService`, each further election under
 * {@link electionToken}, and {@link LeaderElectionHealth}.
 *
 * The election starts in `onModuleInit`, before anything is scheduled. When the application closes,
 * the answer is false from `onModuleDestroy` on, and `beforeApplicationShutdown` waits until the
 * work has ended and the Lease is released. Nest hears of signals only after
 * `app.enableShutdownHooks()`.
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- as Nest has it
export class LeaseholdModule {
  /** With these settings. */
  static forRoot(options: LeaseholdModuleOptions = {}): DynamicModule {
    const { elections = [], scheduler, ...settings } = options;
    return LeaseholdModule.forRootAsync({ useFactory: () => settings, elections, scheduler });
  }

  /** With settings that are made when the application starts, of what is injected. */
  static forRootAsync(options: LeaseholdAsyncOptions): DynamicModule {
    const { imports = [], inject = [], elections = [], scheduler } = options;
    const useFactory = options.useFactory as (...injected: unknown[]) => Promise<LeaderElectionOptions>;
    const of = <T>(provide: InjectionToken<T>, make: (service: ClusterLeaderService) => T): Provider => ({
      provide,
      inject: [ClusterLeaderService],
      useFactory: make,
    });
    const service: Provider = {
      provide: ClusterLeaderService,
      inject,
      useFactory: async (...injected: unknown[]) =>
        clusterLeaderService({ ...(await useFactory(...injected)), elections }),
    };
    const schedules: Provider = {
      provide: Schedules,
      inject: scheduler === undefined ? [] : [scheduler],
      useFactory: (registry?: CronRegistry) => new Schedules(registry),
    };
    const exported = [
      service,
      of(LeaderElection, mainElection),
      ...elections.map((name) => of(electionToken(name), (service) => service.election(name))),
      of(LeaderElectionHealth, (service) => new LeaderElectionHealth(service)),
      schedules,
    ];
    return {
      module: LeaseholdModule,
      global: true,
      imports,
      providers: [...exported, of(Lifecycle, (service) => new Lifecycle(service))],
      exports: exported,
    };
  }
}
Module({})(LeaseholdModule);

function mainElection({ elections }: ClusterLeaderService): LeaderElection {
  const [main] = elections.values();
  if (!main) throw new TypeError('the main election is the first of them');
  return main;
}

/** Starts and stops the elections with the application. */
class Lifecycle {
  readonly #service: ClusterLeaderService;
  #stopped: Promise<void> | undefined;

  constructor(service: ClusterLeaderService) {
    this.#service = service;
  }

  async onModuleInit(): Promise<void> {
    await this.#service.start();
  }

  /** Not awaited here: the work may be waiting for another module's hook. */
  onModuleDestroy(): void {
    this.#stopped = this.#service.stop();
    // Who awaits it hears of it.
    this.#stopped.catch(() => undefined);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#stopped;
  }
}

/** The token of an election for `@Inject`: the main one's, or that of one in `elections`. */
export function electionToken(name?: string): InjectionToken<LeaderElection> {
  return name === undefined ? LeaderElection : `LeaderElection(${name})`;
}

/** What else holds for a method that only the leader runs. */
export interface LeaderOnlyOptions {
  /** Which of `elections` it is. Default: the main one. */
  election?: string | undefined;
  /**
   * Whether each firing of the method's `@Cron` is claimed before it runs, by {@link LeaderElection.claim}
   * under the `name` that `@Cron` gives it: so none runs twice, also where leadership changes within it. A
   * call by hand counts as the latest firing. Needs the `scheduler` of the module.
   */
  claim?: boolean | undefined;
  /**
   * How long ago a firing may have been due that was missed, for the next leader to run it, in
   * milliseconds: the latest alone. By default what was missed is left out. Needs `claim`.
   */
  missedWithinMs?: number | undefined;
}

/**
 * The method runs on the leader only, of the main Lease or of the one in `elections` that is named;
 * elsewhere a call does nothing. The Lease is not released before what it returns has settled, or the
 * drain timeout has passed. Stands above or below `@Cron`, `@Interval`, and what else marks a method.
 *
 * A class with such a method cannot be made where the module, or the name, is missing.
 *
 * @throws {@link ConfigError} for options that are wrong.
 */
export function LeaderOnly(options: string | LeaderOnlyOptions = {}) {
  const { election: name, claim = false, missedWithinMs } = leaderOnlyOptions(options);
  return <T extends (...given: never[]) => Promise<void> | void>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const method = descriptor.value as unknown as (...given: unknown[]) => unknown;
    // Nest gives it to each instance.
    const election = Symbol(`LeaderElection(${name ?? ''})`);
    Inject(electionToken(name))(target, election);
    const firings = new WeakMap<object, Firings>();
    if (claim) {
      const schedules = Symbol('Schedules');
      Inject(Schedules)(target, schedules);
      // Called when Nest gives them to an instance, after its election.
      const adopt = function (this: Guarded, given: Schedules) {
        const mine = electionOf(this, election, method);
        const { name: job, initialDelay = 0 } = cronOf(Reflect.get(target, key) as object);
        const made = new Firings(mine, given, job);
        firings.set(this, made);
        if (missedWithinMs !== undefined) made.runMissed(missedWithinMs, initialDelay, () => method.call(this));
      };
      Object.defineProperty(target, schedules, { set: adopt, configurable: true });
    }

    function leaderOnly(this: Guarded, ...given: unknown[]): Promise<unknown> {
      const mine = electionOf(this, election, method);
      const run = () => method.apply(this, given);
      return mine.runIfLeader(claim ? () => firings.get(this)?.claim(run) : run);
    }

    keepMarks(method, leaderOnly);
    descriptor.value = leaderOnly as unknown as T;
  };
}

/** An object with guarded methods. */
type Guarded = Record<symbol, LeaderElection | undefined>;

function electionOf(guarded: Guarded, election: symbol, method: { name: string }): LeaderElection {
  const mine = guarded[election];
  if (mine) return mine;
  throw new Error(`${method.name}: Nest has not made this object, so it has no election`);
}

function leaderOnlyOptions(options: string | LeaderOnlyOptions): LeaderOnlyOptions {
  if (typeof options === 'string') return { election: options };
  checkOptions(options, ['election', 'claim', 'missedWithinMs'], '{ claim: true }');
  const { claim, missedWithinMs } = options;
  if (missedWithinMs !== undefined) {
    checkMilliseconds('missedWithinMs', missedWithinMs);
    if (!claim) throw wrong('claim', claim, 'use `true`, since only what is claimed is known to be missed');
  }
  return options;
}

/** What `@Cron` says of a method, no matter which decorator is above the other. */
function cronOf(method: object): { name: string; initialDelay?: number } {
  const { getOwnMetadata } = Reflect as unknown as Metadata;
  const cron = getOwnMetadata('SCHEDULE_CRON_OPTIONS', method) as
    | { name?: string; initialDelay?: number }
    | undefined;
  if (cron?.name !== undefined) return { ...cron, name: cron.name };
  throw wrong('claim', true, "name the job: `@Cron('0 3 * * *', { name: 'billing.invoices' })`");
}

/** Names and marks a method as the one that it stands for. */
function keepMarks(from: (...given: unknown[]) => unknown, to: object): void {
  Object.defineProperty(to, 'name', { value: from.name, configurable: true });
  const { getOwnMetadataKeys, getOwnMetadata, defineMetadata } = Reflect as unknown as Metadata;
  for (const key of getOwnMetadataKeys(from)) defineMetadata(key, getOwnMetadata(key, from), to);
}

/** What `reflect-metadata`, which Nest brings, adds to `Reflect`. */
interface Metadata {
  getOwnMetadataKeys: (target: object) => unknown[];
  getOwnMetadata: (key: unknown, target: object) => unknown;
  defineMetadata: (key: unknown, value: unknown, target: object) => void;
}


/** A health indicator for `@nestjs/terminus`. A standby is up, and so is a candidate whose API server is down. */
export class LeaderElectionHealth {
  readonly #service: ClusterLeaderService;

  /** @internal */
  constructor(service: ClusterLeaderService) {
    this.#service = service;
  }

  /**
   * Down if an election is stuck, or let its Lease expire more than `toleranceMs` milliseconds ago
   * without noticing. For a liveness probe.
   */
  isHealthy<const Key extends string>(key: Key, { toleranceMs = 0 } = {}): HealthResult<Key> {
    const leases: Record<string, string> = {};
    try {
      for (const [lease, election] of this.#service.elections) {
        leases[lease] = election.status().role;
        election.checkHealth({ toleranceMs });
      }
    } catch (error) {
      return result(key, { status: 'down', leases, message: (error as Error).message });
    }
    return result(key, { status: 'up', leases });
  }
}

/** As `@nestjs/terminus` has it; with the role of this instance for each Lease. */
export type HealthResult<Key extends string> = Record<
  Key,
  { status: 'up' | 'down'; leases: Record<string, string>; message?: string }
>;

function result<Key extends string>(key: Key, detail: HealthResult<Key>[Key]): HealthResult<Key> {
  return { [key]: detail } as HealthResult<Key>;
}
