// Made by `cargo xtask codegen` from core/src. Change it there, or its template.
import type { Mode, ProofOfDeath } from './words.js';

/**
 * The settings of one election. What is left out comes from the environment (`LEASEHOLD_` and the
 * core's name of the setting in capitals: `LEASEHOLD_LEASE_DURATION=15s`) and else has a default.
 */
export interface LeaderElectionOptions {
  /** The name of the Lease. Required, here or as `LEASEHOLD_LEASE`. */
  lease?: string | undefined;
  /**
   * The namespace of the Lease. Default: `POD_NAMESPACE`, the pod's own, the kubeconfig context's,
   * `default`.
   */
  namespace?: string | undefined;
  /**
   * This candidate's unique holder string. Default: the pod's or host's name and a random suffix,
   * drawn again at each start.
   */
  identity?: string | undefined;
  /** Where the Lease is kept. Default: `auto`. */
  mode?: Mode | undefined;
  /**
   * How long others wait after the Lease last changed: whole seconds, longer than
   * `renewDeadlineMs`. In milliseconds. Default: 15,000.
   */
  leaseDurationMs?: number | undefined;
  /**
   * How long a leader may act on its last successful renewal: longer than 1.2 times
   * `retryPeriodMs`. The old leader has stopped at least `leaseDurationMs` less `renewDeadlineMs`
   * before a new one starts. In milliseconds. Default: 10,000.
   */
  renewDeadlineMs?: number | undefined;
  /**
   * The time between renewals, and between attempts that fail: more than zero. In milliseconds.
   * Default: 2,000.
   */
  retryPeriodMs?: number | undefined;
  /**
   * How long guarded work may take to stop, before the Lease is left to expire instead of being
   * released. In milliseconds. Default: 20,000.
   */
  drainTimeoutMs?: number | undefined;
  /**
   * After how long without a sign of life from the event loop this instance stops leading; zero
   * means never. It is watched from the first sign of life on. In milliseconds. Default: 30,000.
   */
  stallTimeoutMs?: number | undefined;
  /** Whether stopping releases the Lease, so that another leads at once. Default: true. */
  releaseOnStop?: boolean | undefined;
  /**
   * Whether an unexpired record under this very `identity` is taken up at once, as client-go does.
   * Safe only if no other process ever uses that identity. Default: false.
   */
  reclaim?: boolean | undefined;
  /**
   * By which proofs that its holder is dead the Lease is acquired before it has expired: `none`;
   * `local`, what this machine shows without further rights; `pods`, also the status of the
   * holder's pod. Default: `local`.
   */
  proofOfDeath?: ProofOfDeath | undefined;
  /**
   * How long a free Lease is left to others, for each election with this setting that this process
   * leads already: many elections so spread over few processes. At most a third of
   * `leaseDurationMs`; zero spreads nothing. In milliseconds. Default: 0.
   */
  spreadMs?: number | undefined;
  /**
   * This candidate's rank, by which one leads if there is a choice: zero comes first. Each rank
   * takes a free Lease a thirtieth of `leaseDurationMs` after the one before it, and none later
   * than a third. Default: 0.
   */
  preference?: number | undefined;
  /**
   * The kubeconfig file, for mode `kubernetes` outside a pod. Default: `KUBECONFIG`, else
   * `~/.kube/config`.
   */
  kubeconfig?: string | undefined;
  /** The kubeconfig's context. Default: its current one. */
  context?: string | undefined;
  /** The directory in which mode `file` keeps Leases. Default: `~/.leasehold`. */
  directory?: string | undefined;
  /**
   * Labels of the Lease in mode `kubernetes`, which policies may demand: set when it is created,
   * and corrected when it is written. Default: none.
   */
  labels?: Readonly<Record<string, string>> | undefined;
  /** Annotations of the Lease, as `labels`. Default: none. */
  annotations?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether an Event is written at each change of leader, in mode `kubernetes`, as client-go does.
   * Needs the verb `create` on events; if that is not granted, there are none. Default: false.
   */
  kubernetesEvents?: boolean | undefined;
  /**
   * The Service without a selector that points at the leader, in mode `kubernetes`: the name of its
   * `EndpointSlice`, which must exist, and in which the leader's address is kept. Default: none.
   */
  leaderService?: string | undefined;
  /**
   * The address at which this candidate is reached while it leads, for `leaderService`. Default:
   * `POD_IP`.
   */
  leaderAddress?: string | undefined;
}

/** @internal What an option may be. */
export type Kind = 'text' | 'number' | 'duration' | 'switch' | 'map';

/** @internal The core's name of each option, and what it may be. */
export const FIELDS: Readonly<Record<keyof LeaderElectionOptions, readonly [string, Kind]>> = {
  lease: ['lease', 'text'],
  namespace: ['namespace', 'text'],
  identity: ['identity', 'text'],
  mode: ['mode', 'text'],
  leaseDurationMs: ['lease_duration', 'duration'],
  renewDeadlineMs: ['renew_deadline', 'duration'],
  retryPeriodMs: ['retry_period', 'duration'],
  drainTimeoutMs: ['drain_timeout', 'duration'],
  stallTimeoutMs: ['stall_timeout', 'duration'],
  releaseOnStop: ['release_on_stop', 'switch'],
  reclaim: ['reclaim', 'switch'],
  proofOfDeath: ['proof_of_death', 'text'],
  spreadMs: ['spread', 'duration'],
  preference: ['preference', 'number'],
  kubeconfig: ['kubeconfig', 'text'],
  context: ['context', 'text'],
  directory: ['directory', 'text'],
  labels: ['labels', 'map'],
  annotations: ['annotations', 'map'],
  kubernetesEvents: ['kubernetes_events', 'switch'],
  leaderService: ['leader_service', 'text'],
  leaderAddress: ['leader_address', 'text'],
};
