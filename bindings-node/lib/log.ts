import { channel } from 'node:diagnostics_channel';

/**
 * A line of the log of all elections of the process, published on the diagnostics channel
 * `leasehold:log` of the thread that used Leasehold first. Warnings and errors to which nobody
 * listens there are process warnings.
 */
export interface LogRecord {
  /** How much it matters. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** The module of the core that logged it. */
  readonly target: string;
  /** What happened, then the fields as `name=value`. */
  readonly message: string;
}

/** Publishes a line. */
export function publish(record: LogRecord): void {
  const log = channel('leasehold:log');
  if (log.hasSubscribers) log.publish(record);
  else if (record.level === 'warn' || record.level === 'error')
    process.emitWarning(record.message, 'LeaseholdWarning');
}
