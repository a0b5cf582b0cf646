import { checkMilliseconds, checkOptions, wrong } from './checks.js';
import { FIELDS } from './settings.js';
import type { Kind, LeaderElectionOptions } from './settings.js';

// ---- each turns a value into the core's text, or refuses its type -------------------------------

type Convert = (option: string, value: unknown) => string;

const CONVERTERS: Readonly<Record<Kind, Convert>> = {
  text: typed('string', 'use a string'),
  number: typed('number', 'use a whole number, zero or more'),
  switch: typed('boolean', 'use `true` or `false`'),
  // The core takes plain numbers for seconds.
  duration: (option, value) => {
    checkMilliseconds(option, value);
    return String(value / 1e3);
  },
  map: (option, value) => {
    // An object of any realm, but no Map, whose entries are no properties.
    const isPlain = Object.prototype.toString.call(value) === '[object Object]';
    const values: unknown[] = isPlain ? Object.values(value as object) : [undefined];
    if (!values.every((it) => typeof it === 'string'))
      throw wrong(option, value, "use an object of strings, such as { team: 'payments' }");
    return JSON.stringify(value);
  },
};

function typed(type: 'string' | 'boolean' | 'number', fix: string): Convert {
  return (option, value) => {
    if (typeof value !== type) throw wrong(option, value, fix);
    return String(value);
  };
}

/** @internal The names of all options. */
export const OPTIONS = Object.keys(FIELDS);

/** @internal The settings by the core's names, as text. What is wrong with them, the core says. */
export function settingsOf(options: LeaderElectionOptions): Record<string, string> {
  const lease = typeof options === 'string' ? (options as string) : 'monolith-jobs';
  checkOptions(options, OPTIONS, `{ lease: '${lease}' }`);
  const settings: Record<string, string> = {};
  for (const [option, [field, kind]] of Object.entries(FIELDS)) {
    const value = options[option as keyof LeaderElectionOptions];
    if (value !== undefined) settings[field] = CONVERTERS[kind](option, value);
  }
  return settings;
}

/** The options that the core calls otherwise, by its names; with the limits of locks. */
const RENAMED = new Map(
  Object.entries(FIELDS)
    .map(([option, [field]]) => [field, option] as const)
    .filter(([field, option]) => field !== option)
    .concat([
      ['at_most', 'atMostMs'],
      ['at_least', 'atLeastMs'],
    ]),
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
