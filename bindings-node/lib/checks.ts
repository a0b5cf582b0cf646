import { inspect, types } from 'node:util';

import { ConfigError } from './error-classes.js';

/** The error about a wrong argument, in the form that the core's have. */
export function wrong(name: string, value: unknown, fix: string): ConfigError {
  const shown = typeof value === 'string' ? value : inspect(value);
  return new ConfigError(`${name} = \`${shown}\`: ${fix}`);
}

/** Refuses what is no object, and an option that is not `known`: it would be left out unsaid. */
export function checkOptions(options: unknown, known: readonly string[], example: string): void {
  if (typeof options !== 'object' || options === null || 'throwIfAborted' in options)
    throw wrong('options', options, `pass an object: ${example}`);
  const unknown = Object.entries(options).find(([name]) => !known.includes(name));
  if (unknown) throw wrong(...unknown, `no such option: use one of \`${known.join('`, `')}\``);
}

/** Refuses what is no text. */
export function checkText(name: string, value: unknown, example: string): asserts value is string {
  if (typeof value !== 'string') throw wrong(name, value, `use a text, such as \`${example}\``);
}

/** Refuses what is no date, of any realm. */
export function checkDate(name: string, value: unknown): asserts value is Date {
  if (types.isDate(value) && !Number.isNaN(value.getTime())) return;
  throw wrong(name, value, 'use a `Date`: the time for which the schedule has this firing');
}

/** Refuses what is no time that the core could take. */
export function checkMilliseconds(name: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return;
  throw wrong(name, value, 'use milliseconds, as a number, zero or more');
}
