// Exits while it holds a lock and releases another.

import { Locks } from 'leasehold';

const [options] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const locks = new Locks(options);
await locks.lock('held');
const lock = await locks.lock('released');
void lock.release();
process.exit(7);
