// What an answer costs by an HTTP call to a sidecar, as an application without a binding asks for it.
// `sidecar.mjs LEASEHOLD` is given the program, and starts it.

import { spawn } from 'node:child_process';
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';

import { say } from './say.mjs';

const CALLS = 2000;
const UNTIL_WARM = 500;

const sidecar = spawn(process.argv[2], ['serve', '--election', 'bench-sidecar', '--http', '127.0.0.1:0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
const url = `http://${await listensOn(sidecar)}/isLeader`;
while (!(await leads())) await new Promise((resolve) => setTimeout(resolve, 10));

const [keptAlive, opened] = [await timed({ keepAlive: true }), await timed({ keepAlive: false })];
const median = Math.round(1e6 * opened.sort((a, b) => a - b)[opened.length / 2]);
say('answer', keptAlive, 1, `on a connection that is kept; ${median} µs on a new one`);
sidecar.kill();
process.exit();

/** Where it listens, as it says in its log. */
async function listensOn({ stderr }) {
  for await (const line of createInterface({ input: stderr })) {
    const [, address] = /listening on (\S+)/.exec(line) ?? [];
    if (address) {
      stderr.resume();
      return address;
    }
  }
  throw new Error('the sidecar has ended');
}

/** How long each call takes, in seconds. */
async function timed(options) {
  const agent = new Agent(options);
  const seconds = [];
  for (let call = 0; call < CALLS + UNTIL_WARM; call += 1) {
    const started = process.hrtime.bigint();
    await ask(agent);
    if (call >= UNTIL_WARM) seconds.push(Number(process.hrtime.bigint() - started) / 1e9);
  }
  agent.destroy();
  return seconds;
}

async function leads() {
  const { statusCode } = await ask(new Agent());
  return statusCode === 200;
}

function ask(agent) {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response));
    }).on('error', reject);
  });
}
