import type { ErrorCode } from './words.js';

/** Any error of Leasehold. Its `code`, and its class, say what went wrong. */
export class LeaseholdError extends Error {
  /** What went wrong. */
  readonly code: ErrorCode;

  /** An error of that `code`; `message` names what was attempted and what would help. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    // Not the name of the class, which a bundler may have made a letter of.
    this.name = new.target === LeaseholdError ? 'LeaseholdError' : nameOf(code);
  }
}

function nameOf(code: ErrorCode): string {
  const words = code.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Error`;
}
