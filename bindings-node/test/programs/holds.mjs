// Exits while it holds a lock and releases another, which takes longer than an exit that waits for nothing.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { Locks } from 'leasehold';

const [options] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const locks = new Locks(options);
await locks.lock('held');
const lock = await locks.lock('released');
const file = join(options.directory, 'default', 'released', 'lock');
const another = spawn('flock', [file, 'sh', '-c', 'echo locked; exec sleep 0.5']);
await once(another.stdout, 'data');
void lock.release();
process.exit(7);
