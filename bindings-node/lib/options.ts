import { checkMilliseconds, checkOptions, wrong } from './checks.js';

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
 * default.
 */
export interface LeaderElectionOptions {
  /** The name of the Lease. Required, here or as `LEASEHOLD_LEASE`. */
  lease?: string | undefined;
  /** Its namespace. Default: `POD_NAMESPACE`, the pod's own, the kubeconfig context's, `default`. */
  namespace?: string | undefined;
  /**
   * This candidate's unique holder string. Default: the pod's or host's name and a random suffix,
   * drawn anew at each start.
   */
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

// ---- each turns a value into the core's text, or refuses its type -------------------------------

type Convert = (option: string, value: unknown) => string;

const text = typed('string', 'use a string');
const toggle = typed('boolean', 'use `true` or `false`');
const count = typed('number', 'use a whole number, such as 3');

function typed(type: 'string' | 'boolean' | 'number', fix: string): Convert {
  return (option, value) => {
    if (typeof value !== type) throw wrong(option, value, fix);
    return String(value);
  };
}

/** The core takes plain numbers for seconds. */
const duration: Convert = (option, value) => {
  checkMilliseconds(option, value);
  return String(value / 1e3);
};

/** The core's name of each option, and what it takes. */
const FIELDS: Readonly<Record<keyof LeaderElectionOptions, readonly [string, Convert]>> = {
  lease: ['lease', text],
  namespace: ['namespace', text],
  identity: ['identity', text],
  mode: ['mode', text],
  leaseDurationMs: ['lease_duration', duration],
  renewDeadlineMs: ['renew_deadline', duration],
  retryPeriodMs: ['retry_period', duration],
  drainTimeoutMs: ['drain_timeout', duration],
  stallTimeoutMs: ['stall_timeout', duration],
  releaseOnStop: ['release_on_stop', toggle],
  reclaim: ['reclaim', toggle],
  candidates: ['candidates', count],
  kubeconfig: ['kubeconfig', text],
  context: ['context', text],
  directory: ['directory', text],
};

/** @internal The names of all options. */
export const OPTIONS = Object.keys(FIELDS);

/** @internal The settings by the core's names, as text. What is wrong with them, the core says. */
export function settingsOf(options: LeaderElectionOptions): Record<string, string> {
  const lease = typeof options === 'string' ? (options as string) : 'monolith-jobs';
  checkOptions(options, OPTIONS, `{ lease: '${lease}' }`);
  const settings: Record<string, string> = {};
  for (const [option, [field, convert]] of Object.entries(FIELDS)) {
    const value = options[option as keyof LeaderElectionOptions];
    if (value !== undefined) settings[field] = convert(option, value);
  }
  return settings;
}

/** The options that the core calls otherwise, by its names. */
const RENAMED = new Map(
  Object.entries(FIELDS)
    .map(([option, [field]]) => [field, option] as const)
    .filter(([field, option]) => field !== option),
);
/** Such a name, and the time that may follow it; what is quoted is left alone. */
const NAMED = new RegExp(
  `\`[^\`]*\`|\\b(${[...RENAMED.keys()].join('|')})\\b(?:( = | \\()([\\d.]+) s\\b)?`,
  'g',
);

/** @internal A message of the core with the options as they are called here. */
export function inOptions(message: string): string {
  return message.replaceAll(NAMED, (found, field?: string, before?: string, seconds?: string) => {
    const option = field && RENAMED.get(field);
    if (!option) return found;
    // By way of nanoseconds, which the core counts in, so that the product has no tail.
    const time = seconds && `${String(Math.round(Number(seconds) * 1e9) / 1e6)} ms`;
    return option + (before ?? '') + (time ?? '');
  });
}
