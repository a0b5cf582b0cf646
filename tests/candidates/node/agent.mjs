// The agent of Node: turns lines of JSON, or five arguments, into calls of the package `leasehold`,
// and converts, nothing else.

import { subscribe } from 'node:diagnostics_channel';
import { createInterface } from 'node:readline';

import { Candidate } from './candidate.mjs';
import { takePart } from './take-part.mjs';
import { answer, answerError, say } from './wire.mjs';

const candidates = new Map();

subscribe('leasehold:log', ({ message }) => console.error(message));
const words = process.argv.slice(2);
if (words.length === 0) await serve();
else if (words.length === 5) await takePart(...words);
else throw new Error('usage: agent.mjs [LEASE IDENTITY LEASE_S RENEW_S RETRY_S]');

/** Obeys the requests on the standard input. */
async function serve() {
  // Nothing in Node forks.
  say({ agent: 'node', protocol: 1, cannot: ['fork'] });
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, candidate: name, do: command, ...how } = JSON.parse(line);
    // Not awaited: it may take long, and the next line may be what ends that.
    obey(name, command, how).then(
      (value) => answer(id, value),
      (error) => answerError(id, error),
    );
  }
  for (const candidate of candidates.values()) candidate.letGo();
  await Promise.all([...candidates.values()].map((candidate) => candidate.close()));
  process.exit();
}

async function obey(name, command, how) {
  if (command === 'new') {
    candidates.set(name, new Candidate(name, how));
  } else if (command === 'close') {
    const candidate = candidates.get(name);
    candidates.delete(name);
    await candidate.close();
  } else {
    return candidates.get(name)[command](how);
  }
}
