/** Where the Lease is kept, and so who takes part. */
export type Mode =
  /** In a pod `kubernetes`, on a plain host `file`; an error in any other container. */
  | 'auto'
  /** A Lease in Kubernetes: through the pod's service account, else a kubeconfig. */
  | 'kubernetes'
  /** A record in a folder, for the processes of one host. */
  | 'file'
  /** The leader from when `start` has settled, without asking anybody. For a single instance. */
  | 'always'
  /** Never the leader. */
  | 'never';

/**
 * The settings of one election. Whatever is left out comes from the environment (`LEASEHOLD_` and
 * the core's name of the setting in capitals: `LEASEHOLD_LEASE_DURATION=15s`) and else has a
 * default. Messages about them name the core's field: `lease_duration` for `leaseDurationMs`.
 */
export interface LeaderElectionOptions {
  /** The name of the Lease. Required, here or as `LEASEHOLD_LEASE`. */
  lease?: string | undefined;
  /** Its namespace. Default: `POD_NAMESPACE`, the pod's own, the kubeconfig's, `default`. */
  namespace?: string | undefined;
  /** This candidate's unique holder string. Default: the pod's or host's name and a random suffix. */
  identity?: string | undefined;
  /** Where the Lease is kept. Default: `auto`. */
  mode?: Mode | undefined;
  /**
   * How long others wait after the Lease last changed: whole seconds, in milliseconds; longer than
   * `renewDeadlineMs`. Default: 15,000.
   */
  leaseDurationMs?: number | undefined;
  /** How long a leader may act on its last successful renewal, in milliseconds. Default: 10,000. */
  renewDeadlineMs?: number | undefined;
  /** The time between renewals and between attempts, in milliseconds. Default: 2,000. */
  retryPeriodMs?: number | undefined;
  /**
   * How long work may take to stop, in milliseconds, before the Lease is left to run out instead of
   * being released. Default: 20,000.
   */
  drainTimeoutMs?: number | undefined;
  /**
   * For how long the event loop may be blocked, in milliseconds, before this instance stops leading;
   * 0 means for ever. Default: 30,000.
   */
  stallTimeoutMs?: number | undefined;
  /** Whether stopping gives the Lease back, so that another leads at once. Default: true. */
  releaseOnStop?: boolean | undefined;
  /**
   * Whether an unexpired record under this very `identity` is taken up at once, as client-go does.
   * Safe only where no other process ever uses that identity. Default: false.
   */
  reclaim?: boolean | undefined;
  /** Roughly how many candidates there are; spreads their attempts. Default: 10. */
  candidates?: number | undefined;
  /** The kubeconfig file outside a pod. Default: `KUBECONFIG`, else `~/.kube/config`. */
  kubeconfig?: string | undefined;
  /** The kubeconfig's context. Default: its current one. */
  context?: string | undefined;
  /** The folder of mode `file`. Default: `~/.leasehold`. */
  directory?: string | undefined;
}

/** The core's name of each option; durations have it under one without their unit. */
const FIELDS: Readonly<Record<keyof LeaderElectionOptions, string>> = {
  lease: 'lease',
  namespace: 'namespace',
  identity: 'identity',
  mode: 'mode',
  leaseDurationMs: 'lease_duration',
  renewDeadlineMs: 'renew_deadline',
  retryPeriodMs: 'retry_period',
  drainTimeoutMs: 'drain_timeout',
  stallTimeoutMs: 'stall_timeout',
  releaseOnStop: 'release_on_stop',
  reclaim: 'reclaim',
  candidates: 'candidates',
  kubeconfig: 'kubeconfig',
  context: 'context',
  directory: 'directory',
};

/** @internal The settings by the core's names, as text. What is wrong with them, the core says. */
export function settingsOf(options: LeaderElectionOptions): Record<string, string> {
  const settings: Record<string, string> = {};
  const given = Object.entries(options) as [string, string | number | boolean | null | undefined][];
  for (const [option, value] of given) {
    if (value === undefined) continue;
    // Under a name that the core does not know either, an unknown option is refused by that name.
    const field = Object.hasOwn(FIELDS, option)
      ? FIELDS[option as keyof LeaderElectionOptions]
      : `option ${option}`;
    settings[field] = option.endsWith('Ms') ? duration(value) : String(value);
  }
  return settings;
}

/** The core takes plain numbers for seconds. Anything else must not be taken for them. */
function duration(ms: string | number | boolean | null): string {
  return typeof ms === 'number' ? String(ms / 1e3) : `${String(ms)}ms`;
}
