import { clearInterval, setInterval } from './timers.js';

/** The longest that a timer of Node waits. */
const LONGEST_PERIOD_MS = 2 ** 31 - 1;

/**
 * The event loop's sign of life while an election runs, and what holds the process open while
 * something is awaited: a timer, which by itself holds nothing.
 */
export class Pulse {
  #timer: NodeJS.Timeout | undefined;
  #awaited = 0;
  #referenced = false;

  /** Begins to call `beat`, now and within each period; with no period, never again. */
  start(beat: () => void, periodMs: number | null): void {
    this.stop();
    beat();
    const period = Math.min(periodMs ?? LONGEST_PERIOD_MS, LONGEST_PERIOD_MS);
    this.#timer = setInterval(beat, period);
    this.#update();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Holds the process open, as long as the timer runs, until `outcome` has settled. */
  async holdFor<T>(outcome: () => Promise<T>): Promise<T> {
    const letGo = this.hold();
    try {
      return await outcome();
    } finally {
      letGo();
    }
  }

  /** Holds the process open, as long as the timer runs, until the function returned is called. */
  hold(): () => void {
    this.#awaited += 1;
    this.#update();
    return () => {
      this.#awaited -= 1;
      this.#update();
    };
  }

  /** Whether the timer holds the process open though nothing is awaited. */
  set referenced(referenced: boolean) {
    this.#referenced = referenced;
    this.#update();
  }

  #update(): void {
    if (this.#referenced || this.#awaited > 0) this.#timer?.ref();
    else this.#timer?.unref();
  }
}
