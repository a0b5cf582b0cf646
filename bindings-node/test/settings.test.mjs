import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import * as leasehold from 'leasehold';
import { ConfigError, LeaderElection, LeaseholdError } from 'leasehold';

import { unreachable } from './support.mjs';

const require = createRequire(import.meta.url);
const native = require('../leasehold.node');
const { errorOf } = require('../dist/errors.js');

const WRONG = {
  lease: ['Jobs', 'lease'],
  namespace: ['a.b', 'namespace'],
  identity: [' ', 'identity'],
  mode: ['kube', 'mode'],
  leaseDurationMs: [2_500, 'lease_duration'],
  renewDeadlineMs: [0, 'renew_deadline'],
  retryPeriodMs: [Number.NaN, 'retry_period'],
  drainTimeoutMs: [-1, 'drain_timeout'],
  stallTimeoutMs: ['soon', 'stall_timeout'],
  releaseOnStop: ['yes', 'release_on_stop'],
  reclaim: [1, 'reclaim'],
  candidates: [0.5, 'candidates'],
};

for (const [option, [value, field]] of Object.entries(WRONG))
  test(`a wrong ${option} is refused with the core's field, the value and the fix`, () => {
    assert.throws(
      () => new LeaderElection({ lease: 'jobs', [option]: value }),
      (error) => {
        assert.ok(error instanceof ConfigError && error instanceof LeaseholdError);
        assert.equal(error.name, 'ConfigError');
        assert.equal(error.code, 'config');
        assert.match(error.message, new RegExp(`^${field} = .*: `));
        return true;
      },
    );
  });

test('a wrong kubeconfig is refused at the start', async () => {
  const election = new LeaderElection({ lease: 'jobs', mode: 'kubernetes', kubeconfig: '/nowhere' });
  await assert.rejects(election.start(), { name: 'ConfigError', message: /kubeconfig = \/nowhere/ });
});

test('a wrong context is refused at the start', async (t) => {
  const options = { lease: 'jobs', mode: 'kubernetes', kubeconfig: unreachable(t) };
  const election = new LeaderElection({ ...options, context: 'production' });
  await assert.rejects(election.start(), { name: 'ConfigError', message: /context = production/ });
});

test('a wrong directory is refused at the start', async () => {
  const election = new LeaderElection({ lease: 'jobs', mode: 'file', directory: 'relative' });
  await assert.rejects(election.start(), { name: 'ConfigError', message: /directory = / });
});

test('an unknown option is refused by its name, also one that the core would know', () => {
  for (const option of ['retryPeriod', 'leaseDuration', 'lease_duration', 'toString'])
    assert.throws(() => new LeaderElection({ lease: 'jobs', [option]: 15 }), {
      name: 'ConfigError',
      message: new RegExp(`^option ${option} = `),
    });
});

test('an option that is undefined is left out', () => {
  new LeaderElection({ lease: 'jobs', mode: undefined, retryPeriodMs: undefined });
});

test('a duration that is no number is never taken for seconds', () => {
  for (const leaseDurationMs of ['2500', '15s', true, null])
    assert.throws(() => new LeaderElection({ lease: 'jobs', leaseDurationMs }), {
      name: 'ConfigError',
      message: /^lease_duration = /,
    });
});

test('milliseconds may have a fraction', () => {
  new LeaderElection({ lease: 'jobs', retryPeriodMs: 0.1 + 0.2, drainTimeoutMs: 1e-7 });
});

test('each kind of error has a class of its own, with its code', () => {
  const { errorCodes } = native.names();
  const classes = errorCodes.map((code) => {
    const error = errorOf({ code, message: 'why' });
    assert.ok(error instanceof LeaseholdError);
    assert.equal(error.code, code);
    assert.equal(error.message, 'why');
    assert.equal(error.name, error.constructor.name);
    assert.equal(leasehold[error.name], error.constructor, 'exported under its name');
    const words = code.split('_').map((word) => word[0].toUpperCase() + word.slice(1));
    assert.equal(error.name, `${words.join('')}Error`);
    return error.constructor;
  });
  assert.equal(new Set(classes).size, errorCodes.length);
});

test('the types list the modes, roles, reasons and codes that the core has', () => {
  const { errorCodes, lostReasons, modes, roles } = native.names();
  assert.deepEqual(union('errors', 'ErrorCode'), errorCodes);
  assert.deepEqual(union('engine', 'LostReason'), lostReasons);
  assert.deepEqual(union('options', 'Mode'), modes);
  assert.deepEqual(union('engine', 'Role'), roles);
});

/** The literals of a union in the declarations. */
function union(file, name) {
  const path = join(import.meta.dirname, '..', 'dist', `${file}.d.ts`);
  const source = readFileSync(path, 'utf8').replaceAll(/\/\*\*[^]*?\*\//g, '');
  const [, body] = new RegExp(`type ${name} =([^;]*);`).exec(source);
  return [...body.matchAll(/'(\w+)'/g)].map(([, literal]) => literal);
}
