/// <reference lib="esnext.disposable" preserve="true" />
import { checkOptions, wrong } from './checks.js';
import { LeaderElection } from './election.js';
import { OPTIONS } from './options.js';
import type { LeaderElectionOptions } from './settings.js';

/** The settings of all its elections. */
export interface ClusterLeaderServiceOptions extends LeaderElectionOptions {
  /** Further Leases, each with an election of its own; by their names they are asked for. */
  elections?: readonly string[] | undefined;
}

/** "Is this instance the leader?", for a service with one Lease, or several. */
export class ClusterLeaderService implements AsyncDisposable {
  /** The elections by the names of their Leases: the main one first. */
  readonly elections: ReadonlyMap<string, LeaderElection>;
  readonly #main: LeaderElection;

  /** @internal */
  constructor(service: ClusterLeaderServiceOptions) {
    checkOptions(service, [...OPTIONS, 'elections'], `{ lease: 'monolith', elections: ['billing'] }`);
    const { elections = [], ...options } = service;
    if (!isArray(elections)) throw wrong('elections', elections, `use an array of names: ['billing']`);
    this.#main = new LeaderElection(options);
    const { lease: main } = this.#main.status();
    const others = elections.filter((name) => name !== main);
    this.elections = new Map([
      [main, this.#main],
      ...others.map((lease) => [lease, new LeaderElection({ ...options, lease })] as const),
    ]);
  }

  /** Starts all elections, as {@link LeaderElection.start}. */
  async start(): Promise<this> {
    await this.#all((election) => election.start());
    return this;
  }

  /** Stops all elections, as {@link LeaderElection.stop}. */
  async stop(): Promise<void> {
    await this.#all((election) => election.stop());
  }

  /** Stops, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Whether this instance is the leader now: of the main Lease, or of the one that is named.
   *
   * @throws {@link ConfigError} if the name is not among the `elections`.
   */
  isThisInstanceLeader(name?: string): boolean {
    return (name === undefined ? this.#main : this.election(name)).isLeader;
  }

  /**
   * The election for the Lease of this name.
   *
   * @throws {@link ConfigError} if the name is not among the `elections`.
   */
  election(name: string): LeaderElection {
    const election = this.elections.get(name);
    if (election) return election;
    const known = [...this.elections.keys()].join('`, `');
    throw wrong('election', name, `no such election: use one of \`${known}\`, or add it to \`elections\``);
  }

  async #all(step: (election: LeaderElection) => Promise<unknown>): Promise<void> {
    await Promise.all([...this.elections.values()].map(step));
  }
}

function isArray(elections: unknown): boolean {
  return Array.isArray(elections);
}

/**
 * A service that takes part in the elections for `lease` and all `elections`, once it is started.
 *
 * ```js
 * const leaders = await clusterLeaderService({ lease: 'monolith', elections: ['billing'] }).start();
 * if (leaders.isThisInstanceLeader('billing')) console.log('this instance writes the bills');
 * ```
 *
 * @throws {@link ConfigError} that names the wrong field, its value and the fix.
 */
export function clusterLeaderService(options: ClusterLeaderServiceOptions): ClusterLeaderService {
  return new ClusterLeaderService(options);
}
