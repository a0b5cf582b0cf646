// {{ made }}
import type { Mode, ProofOfDeath } from './words.js';

/**
 * The settings of one election. What is left out comes from the environment (`LEASEHOLD_` and the
 * core's name of the setting in capitals: `LEASEHOLD_LEASE_DURATION=15s`) and else has a default.
 */
export interface LeaderElectionOptions {
{%- for setting in settings %}
  {{ setting.docs }}
  {{ setting.option }}?: {{ setting.type_name }} | undefined;
{%- endfor %}
}

/** @internal What an option may be. */
export type Kind = 'text' | 'number' | 'duration' | 'switch' | 'map';

/** @internal The core's name of each option, and what it may be. */
export const FIELDS: Readonly<Record<keyof LeaderElectionOptions, readonly [string, Kind]>> = {
{%- for setting in settings %}
  {{ setting.option }}: ['{{ setting.name }}', '{{ setting.kind }}'],
{%- endfor %}
};
