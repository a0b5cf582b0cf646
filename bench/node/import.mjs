// How long the import of a library takes in this new process: `import.mjs MODULE`.

import { say } from './say.mjs';

const started = process.hrtime.bigint();
await import(process.argv[2]);
say('import', [Number(process.hrtime.bigint() - started)], 1e-9);
