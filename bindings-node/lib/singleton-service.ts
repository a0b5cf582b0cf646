/// <reference lib="esnext.disposable" preserve="true" />
import { wrong } from './checks.js';
import type { LeaderElection } from './election.js';
import { publish } from './log.js';
import type { Loss } from './loss.js';
import type { Term } from './term.js';
import { clearInterval, setInterval } from './timers.js';

/** A program that runs on the leader only. */
export interface SingletonService {
  /** What warnings call it. Default: the name of its class. */
  readonly name?: string | undefined;
  /**
   * This instance leads now. Return, or resolve, when the work has started, or when it has ended. It
   * is waited for, after `stop` as well, before the Lease is released and before another start.
   */
  start(term: Term): unknown;
  /**
   * This instance no longer leads, or the service was removed. Return, or resolve, when the work has
   * stopped. Called though `start` has not settled; then once more if it succeeds after all.
   */
  stop(loss?: Loss): unknown;
}

/** A service's registration. */
export interface Registration extends AsyncDisposable {
  /** Resolves when the service has stopped; it is not started again. */
  remove(): Promise<void>;
}

/** Runs `service` while `election` leads: started with each term, stopped before the Lease is released. */
export function runService(election: LeaderElection, service: SingletonService): Registration {
  checkMethod(service, 'start', 'use a function that starts the work');
  checkMethod(service, 'stop', 'use a function that resolves when the work has stopped');
  const driver = new ServiceDriver(service);
  const start = (term: Term) => driver.start(term);
  const stop = (loss: Loss) => driver.stop(loss);
  election.on('acquired', start).on('lost', stop);
  const remove = async () => {
    election.off('acquired', start);
    try {
      await driver.remove();
    } finally {
      // Not before: a term that ends meanwhile waits for the stop.
      election.off('lost', stop);
    }
  };
  return { remove, [Symbol.asyncDispose]: remove };
}

/** One start, until it is stopped. */
interface Run {
  state: 'waiting' | 'starting' | 'started' | 'failed' | 'over';
  readonly settled: Promise<void>;
}

class ServiceDriver {
  readonly #service: SingletonService;
  #present: Run | undefined;
  #isRemoved = false;
  /** Settles when all starts before the present one, and their stops, have settled. */
  #ended: Promise<void> = Promise.resolve();

  constructor(service: SingletonService) {
    this.#service = service;
  }

  /** Rejects with what the service's start throws: who called hears of it. */
  async start(term: Term): Promise<void> {
    // A listener before it removed it, when it was known already whom to call.
    if (this.#isRemoved) return;
    const begin = async () => {
      if (run.state === 'over' || term.signal.aborted) return;
      run.state = 'starting';
      try {
        await this.#service.start(term);
        run.state = 'started';
      } catch (error) {
        run.state = 'failed';
        throw error;
      }
    };
    const run: Run = { state: 'waiting', settled: this.#ended.then(begin) };
    this.#present = run;
    await run.settled;
  }

  /** As {@link stop}, and it does not start again. */
  remove(): Promise<void> {
    this.#isRemoved = true;
    return this.stop();
  }

  /** Resolves when nothing of the service goes on any more. */
  stop(loss?: Loss): Promise<void> {
    const run = this.#present;
    if (!run) return this.#ended;
    this.#present = undefined;
    const ended = this.#end(run, loss);
    this.#ended = ended.catch(ignore);
    return ended;
  }

  async #end(run: Run, loss?: Loss): Promise<void> {
    if (run.state === 'waiting') {
      run.state = 'over';
      // All before it go on until then.
      await run.settled;
      return;
    }
    const startLasts = run.state === 'starting';
    const inTime = loss && this.#warnWhenLate(loss);
    try {
      await this.#service.stop(loss);
    } finally {
      await run.settled.catch(ignore);
      // Stops what it has started since its stop, too.
      if (startLasts && hasStarted(run)) await this.#service.stop(loss);
      inTime?.();
    }
  }

  /** Warns once nothing keeps another instance from leading, until the function returned is called. */
  #warnWhenLate(loss: Loss): () => void {
    const timer = setInterval(() => {
      if (loss.timeLeftMs > 0) return;
      clearInterval(timer);
      const message = `the singleton service \`${this.#name}\` has not stopped in time: another instance may lead beside it`;
      publish({ level: 'warn', target: 'leasehold', message });
    }, LOOK_PERIOD_MS).unref();
    return () => {
      clearInterval(timer);
    };
  }

  get #name(): string {
    return this.#service.name ?? this.#service.constructor.name;
  }
}

const LOOK_PERIOD_MS = 500;

/** Who called has heard of the error. */
function ignore(): void {
  // Nothing is left to do.
}

/** Asked after an await, which changes what the compiler has seen of the state. */
function hasStarted(run: Run): boolean {
  return run.state === 'started';
}

/** At the call: when it is needed, there is nobody to tell. */
function checkMethod(service: unknown, name: 'start' | 'stop', fix: string): void {
  const method = (service as Partial<SingletonService> | null | undefined)?.[name] as unknown;
  if (typeof method !== 'function') throw wrong(`service.${name}`, method, fix);
}
