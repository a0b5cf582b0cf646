// The Node agent: turns lines of JSON into calls of the package `leasehold`, and converts, nothing else.

import { createInterface } from 'node:readline';

import { Candidate } from './candidate.mjs';
import { answer, answerError, say } from './wire.mjs';

const candidates = new Map();

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
