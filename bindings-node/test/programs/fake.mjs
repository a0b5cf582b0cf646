// A fake election, in a process in which no native library can be loaded.

import { LeaderElection } from 'leasehold';
import { FakeLeaderElection } from 'leasehold/testing';

process.env.LEASEHOLD_NATIVE_LIBRARY = '/nowhere.node';
const election = await new FakeLeaderElection().start();
election.on('acquired', () => console.log('leading'));
election.on('lost', ({ reason }) => console.log(`lost ${reason}`));
election.acquire();
process.on('exit', () => {
  try {
    new LeaderElection({ lease: 'jobs' });
  } catch (error) {
    console.log(error.name === 'NativeLibraryError' ? 'no library' : error);
  }
});
