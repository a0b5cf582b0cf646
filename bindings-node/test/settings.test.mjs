import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import * as leasehold from 'leasehold';
import { ConfigError, LeaderElection, LeaseholdError } from 'leasehold';

import { unreachable } from './support.mjs';

const require = createRequire(import.meta.url);
const { errorOf } = require('../dist/errors.js');

const WRONG = {
  lease: [
    ['Jobs', '`Jobs`: use lower-case letters'],
    [null, '`null`: use a string'],
    [5, '`5`: use a string'],
  ],
  namespace: [['a.b', '`a.b`: ']],
  identity: [[' ', '` `: use 1 to 253 printable']],
  mode: [['kube', '`kube`: use one of `auto`']],
  leaseDurationMs: [
    [2_500, '2500 ms: use whole seconds'],
    ['15s', '`15s`: use milliseconds, as a number'],
    ['15000', '`15000`: use milliseconds, as a number'],
    [null, '`null`: use milliseconds, as a number'],
  ],
  renewDeadlineMs: [
    [0.5, '0.5 ms: must be longer than 1.2 × retryPeriodMs (2000 ms), '],
    [15_001, '15001 ms: must be shorter than leaseDurationMs (15000 ms), '],
  ],
  retryPeriodMs: [
    [0, '0 ms: use more than zero'],
    [Number.NaN, '`NaN`: use milliseconds'],
  ],
  drainTimeoutMs: [[-1, '`-1`: use milliseconds, as a number, zero or more']],
  stallTimeoutMs: [[Infinity, '`Infinity`: use milliseconds']],
  releaseOnStop: [['yes', '`yes`: use `true` or `false`']],
  reclaim: [
    [1, '`1`: use `true` or `false`'],
    [true, 'true: '],
  ],
  proofOfDeath: [['all', '`all`: use one of `none`']],
  spreadMs: [[-1, '`-1`: use milliseconds']],
  preference: [
    ['1', '`1`: use a whole number, zero or more'],
    [0.5, '`0.5`: use a whole number, zero or more'],
    [2 ** 32, '`4294967296`: use a whole number, zero or more'],
  ],
  labels: [
    [{ team: 'pay ments' }, '`team=pay ments`: use a value of letters'],
    [{ team: 5 }, "`{ team: 5 }`: use an object of strings, such as { team: 'payments' }"],
    [['team'], "`[ 'team' ]`: use an object of strings"],
    ['team=payments', '`team=payments`: use an object of strings'],
    [new Map(), '`Map(0) {}`: use an object of strings'],
  ],
  annotations: [[{ 'leasehold.io/done': '' }, '`leasehold.io/done=`: use another prefix']],
  directory: [[new URL('file:///tmp'), '`URL {']],
};

for (const [option, cases] of Object.entries(WRONG))
  test(`a wrong ${option} is refused with its name, the value and the fix`, () => {
    for (const [value, said] of cases)
      assert.throws(
        () => new LeaderElection({ lease: 'jobs', [option]: value }),
        (error) => {
          assert.ok(error instanceof ConfigError && error instanceof LeaseholdError);
          assert.equal(error.name, 'ConfigError');
          assert.equal(error.code, 'config');
          const start = `${option} = ${said}`;
          assert.equal(error.message.slice(0, start.length), start);
          return true;
        },
      );
  });

test('a value that reads as a name of the core is said as it is', () => {
  assert.throws(() => new LeaderElection({ lease: 'retry_period' }), {
    message: /^lease = `retry_period`: /,
  });
});

test('options that are no object are refused with what to pass', () => {
  for (const [options, said] of [
    ['jobs', "options = `jobs`: pass an object: { lease: 'jobs' }"],
    [null, "options = `null`: pass an object: { lease: 'monolith-jobs' }"],
  ])
    assert.throws(() => new LeaderElection(options), { name: 'ConfigError', message: said });
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

test('an unknown option is refused with those there are, also one that the core would know', () => {
  for (const option of ['retryPeriod', 'leaseDuration', 'lease_duration', 'toString'])
    assert.throws(
      () => new LeaderElection({ lease: 'jobs', [option]: 15 }),
      ({ name, message }) => {
        const said = `${option} = \`15\`: no such option: use one of \`lease\`, `;
        assert.equal(message.slice(0, said.length), said);
        assert.match(message, /`retryPeriodMs`/);
        return name === 'ConfigError';
      },
    );
});

test('a wait refuses what is none of its options, and so would wait without end', async () => {
  const election = new LeaderElection({ lease: 'jobs', mode: 'never' });
  const timeout = {
    name: 'ConfigError',
    message: 'timeout = `1`: no such option: use one of `signal`',
  };
  await assert.rejects(election.waitForLeadership({ timeout: 1 }), timeout);
  await assert.rejects(election.lead(() => undefined, { timeout: 1 }), timeout);
  await assert.rejects(election.terms({ timeout: 1 }).next(), timeout);
  const object = { name: 'ConfigError', message: /: pass an object: \{ signal: / };
  for (const options of [1_000, AbortSignal.timeout(1)])
    await assert.rejects(election.waitForLeadership(options), object);
});

test('an option that is undefined is left out', () => {
  new LeaderElection({ lease: 'jobs', mode: undefined, retryPeriodMs: undefined });
});

test('labels and annotations are objects of strings', () => {
  const labels = { 'app.kubernetes.io/name': 'shop', team: '' };
  const annotations = { note: 'one, "two" = \\ and\nthree' };
  new LeaderElection({ lease: 'jobs', labels, annotations });
});

test('milliseconds may have a fraction', () => {
  new LeaderElection({ lease: 'jobs', retryPeriodMs: 0.1 + 0.2, drainTimeoutMs: 1e-7 });
});

test('each kind of error has a class of its own, exported under its name', () => {
  const classes = Object.values(leasehold).filter(({ prototype }) => prototype instanceof LeaseholdError);
  assert.ok(classes.includes(ConfigError));
  for (const ErrorClass of classes) {
    const { code } = new ErrorClass('');
    const error = errorOf({ code, message: 'why' });
    assert.ok(error instanceof ErrorClass);
    assert.equal(error.code, code);
    assert.equal(error.message, 'why');
    assert.equal(leasehold[error.name], ErrorClass);
  }
});

test('a wrong variable of the environment is named, beside the option that it does not fit', () => {
  process.env.LEASEHOLD_LEASE_DURATION = '5s';
  try {
    assert.throws(() => new LeaderElection({ lease: 'jobs' }), {
      message:
        /^renewDeadlineMs = 10000 ms: must be shorter than LEASEHOLD_LEASE_DURATION \(5 s\), so that /,
    });
  } finally {
    delete process.env.LEASEHOLD_LEASE_DURATION;
  }
});
