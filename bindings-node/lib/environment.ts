/** What every running election of this thread has to do when it is rung for, and at the exit. */
export interface Member {
  /** Takes in what has happened. */
  drain(): void;
  /** Begins to stop, as the thread is about to end. */
  beginExit(): void;
  /** Takes in what happens until it has stopped, or work goes on that nobody can wait for. */
  finishExit(): void;
}

/** The running elections. An election runs until it is stopped, whether or not anybody refers to it. */
const running = new Set<Member>();

export function enter(member: Member): void {
  running.add(member);
}

export function leave(member: Member): void {
  running.delete(member);
}

/** Takes in what has happened to any election. */
export function drainAll(): void {
  for (const member of running) member.drain();
}

// The last moment at which JavaScript runs, after `process.exit` and an uncaught exception as well:
// with no work under way the Leases are released, so that others need not wait for them to
// expire.
process.on('exit', () => {
  const members = [...running];
  for (const member of members) member.beginExit();
  for (const member of members) member.finishExit();
});
