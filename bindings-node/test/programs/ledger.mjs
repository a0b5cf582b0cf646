// What jobs of a program do: counted in files that all programs of a test share, one for each job.

import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const underWay = new Set();

/**
 * Reads how much has been done and does one more: twice the same, if another does so meanwhile. `due` is for
 * when the firing was, if that is known.
 */
export async function work({ name, folder }, job, election, due) {
  // Some schedulers begin a job that is due though the last one goes on, as on a busy machine.
  if (underWay.has(job)) return;
  underWay.add(job);
  const file = join(folder, job);
  const { fencingToken } = election.term ?? {};
  const done = readFileSync(file, 'utf8').split('\n').length;
  await sleep(30);
  appendFileSync(file, `${done} ${name} ${fencingToken} ${due?.toISOString() ?? '-'}\n`);
  underWay.delete(job);
}
