// Pauses itself, and asks its term's signal after that, in the same turn of the event loop.

import { LeaderElection } from 'leasehold';

const election = await new LeaderElection(JSON.parse(process.argv[2])).start();
const { signal } = await election.waitForLeadership();
let reason;
signal.addEventListener('abort', () => ({ reason } = signal));
console.log('leading');
process.kill(process.pid, 'SIGSTOP');
while (!signal.aborted);
try {
  signal.throwIfAborted();
} catch (error) {
  console.log('aborted', reason.name, error.name);
}
process.exit();
