// Waits for a lock, and ends with it.

import { Locks } from 'leasehold';

const [options] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const locks = new Locks(options);
const waiting = locks.lock('waited-for');
console.log('waiting');
await waiting;
console.log('acquired');
