import { wrong } from './checks.js';
import type { LeaderElection } from './election.js';
import type { Loss } from './loss.js';
import type { Term } from './term.js';

/** A program that runs on the leader only. Never are two of its calls under way at once. */
export interface SingletonService {
  /** This instance leads now: start the work. */
  start(term: Term): unknown;
  /** This instance no longer leads. Return, or resolve, when the work has stopped. */
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
  let turn: Promise<unknown> = Promise.resolve();
  let started = false;

  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const done = turn.then(step);
    // Who called hears of the error; the next step is due all the same.
    turn = done.catch(() => undefined);
    return done;
  };
  const start = (term: Term) =>
    inTurn(async () => {
      if (term.signal.aborted) return;
      started = true;
      await service.start(term);
    });
  const stop = (loss?: Loss) =>
    inTurn(async () => {
      if (!started) return;
      started = false;
      await service.stop(loss);
    });
  const remove = () => {
    election.off('acquired', start).off('lost', stop);
    return stop();
  };
  election.on('acquired', start).on('lost', stop);
  return { remove, [Symbol.asyncDispose]: remove };
}

/** At the call: when it is needed, there is nobody to tell. */
function checkMethod(service: unknown, name: keyof SingletonService, fix: string): void {
  const method = (service as Partial<SingletonService> | null | undefined)?.[name] as unknown;
  if (typeof method !== 'function') throw wrong(`service.${name}`, method, fix);
}
