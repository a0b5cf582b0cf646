// Nest applications as processes, whose jobs are counted: each piece of work is done once, no
// matter what happens to the one that does it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { before, test } from 'node:test';

import { Inject, Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { buildSync } from 'esbuild';
import { ClusterLeaderService, ConfigError, LeaderElection } from 'leasehold';
import { LeaderOnly, LeaseholdModule } from 'leasehold/nestjs';
import { FakeLeaderElection } from 'leasehold/testing';

import { EXPIRING, RELEASED, replicas, skip } from './replicas.mjs';
import { election, eventually, folder, leader, lease, program, settings as place } from './support.mjs';

const BUILT = join(import.meta.dirname, '..', 'target');
const LISTINGS = join(import.meta.dirname, '..', '..', 'docs', 'listings', 'nestjs');
const NEST = {
  framework: 'nest',
  script: '../../target/nest.mjs',
  jobs: ['below', 'above', 'claimed', 'often'],
};

before(() => {
  buildSync({
    entryPoints: {
      nest: join(import.meta.dirname, 'programs', 'nest.ts'),
      main: join(LISTINGS, 'main.ts'),
      settings: join(LISTINGS, 'settings.ts'),
    },
    outdir: BUILT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
});

test('one that is terminated ends its jobs and hands over', async (t) => {
  const { ledgers, start } = replicas(t, NEST, 'terminated', RELEASED);
  const first = await start('first');
  await ledgers.goesOn('first');
  await start('second');
  // Beside one that only looks on.
  await ledgers.goesOn('first');
  first.child.kill('SIGTERM');
  const { signal, errors } = await first.ended;
  // Nest ends itself by the signal, after its hooks.
  assert.equal(signal, 'SIGTERM', errors);
  await ledgers.goesOn('second');
  ledgers.wereFilledBy('first', 'second');
});

test('one that is killed is succeeded', async (t) => {
  const { ledgers, start } = replicas(t, NEST, 'killed', EXPIRING);
  const first = await start('first');
  await ledgers.goesOn('first');
  await start('second');
  // Beside one that only looks on.
  await ledgers.goesOn('first');
  first.child.kill('SIGKILL');
  await ledgers.goesOn('second');
  ledgers.wereFilledBy('first', 'second');
});

test('one that is cut off has stopped before another works', { skip }, async (t) => {
  const { ledgers, start, isCutOff } = replicas(t, NEST, 'cut-off', EXPIRING);
  await start('first');
  await ledgers.goesOn('first');
  await start('second');
  // Beside one that only looks on.
  await ledgers.goesOn('first');
  await isCutOff(true);
  await ledgers.goesOn('second');
  await isCutOff(false);
  await ledgers.goesOn('second');
  ledgers.wereFilledBy('first', 'second');
});

test('what the documentation shows takes part, and releases its Lease', async (t) => {
  const settings = { mode: 'file', directory: folder(t), lease: 'billing', ...RELEASED };
  process.env.LEASEHOLD_MODE = settings.mode;
  process.env.LEASEHOLD_DIRECTORY = settings.directory;
  const { child } = program(t, '../../target/main.mjs');
  delete process.env.LEASEHOLD_MODE;
  delete process.env.LEASEHOLD_DIRECTORY;
  // Leads when the Lease is released, and not since its holder is dead.
  const successor = election(t, { ...settings, proofOfDeath: 'none' });
  await eventually('it leads', () => lease(settings)?.holderIdentity);
  await eventually('it heeds SIGTERM', () => heeds(child, 'SIGTERM'));
  await successor.start();
  child.kill('SIGTERM');
  await successor.waitForLeadership();
});

/** Whether a process has a handler for a signal. */
function heeds({ pid }, signal) {
  const [, caught] = /^SigCgt:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (BigInt(`0x${caught}`) >> BigInt(constants.signals[signal] - 1)) & 1n;
}

const ALWAYS = { lease: 'jobs', mode: 'always' };

/** A module with a job for the leader of this election, which is perhaps on a schedule. */
function jobs(imports, options, cron = (_target, _key, descriptor) => descriptor) {
  class Jobs {
    count = 0;
    async run() {
      this.count += 1;
    }
  }
  const run = Object.getOwnPropertyDescriptor(Jobs.prototype, 'run');
  LeaderOnly(options)(Jobs.prototype, 'run', run);
  cron(Jobs.prototype, 'run', run);
  Object.defineProperty(Jobs.prototype, 'run', run);
  Injectable()(Jobs);
  class JobsModule {}
  Module({ imports, providers: [Jobs] })(JobsModule);
  return { Jobs, JobsModule };
}

const create = (module) => NestFactory.createApplicationContext(module, { abortOnError: false, logger: false });

test('settings may be injected, and elections, and what terminus asks', async () => {
  process.env.LEASEHOLD_MODE = 'always';
  const { Reports, ReportsModule } = await import('../target/settings.mjs');
  const app = await create(ReportsModule);
  delete process.env.LEASEHOLD_MODE;
  for (const election of app.get(ClusterLeaderService).elections.values()) await election.waitForLeadership();
  const reports = app.get(Reports);
  assert.equal(reports.describe(), 'true true');
  await reports.report();
  const { status, details } = await reports.check();
  assert.equal(status, 'ok');
  const leases = { reports: 'leader', billing: 'leader' };
  assert.deepEqual(details['leader-election'], { status: 'up', leases });
  await app.close();
  assert.equal(reports.describe(), 'false false');
});

test('the types fit', () => {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const project = join(import.meta.dirname, 'programs', 'tsconfig.json');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '--project', project]);
  assert.equal(status, 0, String(stdout));
});

test('a name that is misspelt keeps the application from starting', async () => {
  const elections = LeaseholdModule.forRoot({ ...ALWAYS, elections: ['billing'] });
  await assert.rejects(create(jobs([elections], 'biling').JobsModule), /LeaderElection\(biling\)/);
});

test('without the module the application does not start', async () => {
  await assert.rejects(create(jobs([]).JobsModule), /LeaderElection/);
});

test('an object that Nest has not made does not work unguarded', async () => {
  const { Jobs } = jobs([LeaseholdModule.forRoot(ALWAYS)]);
  assert.throws(() => new Jobs().run(), /Nest has not made this object/);
});

test('a wrong setting keeps the application from starting', async () => {
  const wrong = LeaseholdModule.forRoot({ ...ALWAYS, leaseDurationMs: -1 });
  await assert.rejects(create(jobs([wrong]).JobsModule), { code: 'config', message: /leaseDurationMs/ });
});

/** Of the year: its latest firing is neither now nor soon, unless a year begins. */
const yearly = (others) => Cron('0 0 1 1 *', { name: 'bill', timeZone: 'UTC', ...others });
const NEW_YEAR = new Date(Date.UTC(new Date().getUTCFullYear(), 0));
const WITHIN_A_YEAR = { claim: true, missedWithinMs: 366 * 86_400_000 };
/** Of a Lease that is released, and does not expire. */
const claiming = (t) => place(t, { leaseDurationMs: 3_600_000, renewDeadlineMs: 1_800_000 });

/** An application whose job is claimed, and which leads before anything is scheduled. */
async function claims(options, how, cron = yearly()) {
  const leasehold = LeaseholdModule.forRoot({ ...options, scheduler: SchedulerRegistry });
  const { Jobs, JobsModule } = jobs([ScheduleModule.forRoot(), leasehold], how, cron);
  Inject(LeaderElection)(Jobs.prototype, 'election');
  Inject(SchedulerRegistry)(Jobs.prototype, 'registry');
  // How often Leasehold has looked at the job, and what its claims of what was missed were answered.
  let looks = 0;
  const answers = [];
  Jobs.prototype.onModuleInit = function () {
    const { registry, election } = this;
    const [getCronJob, claimMissed] = [registry.getCronJob, election.claimMissed];
    registry.getCronJob = function (name) {
      looks += 1;
      return getCronJob.call(this, name);
    };
    election.claimMissed = async function (...given) {
      const answer = await claimMissed.apply(this, given);
      answers.push(answer);
      return answer;
    };
    return election.waitForLeadership();
  };
  const app = await create(JobsModule);
  const job = app.get(Jobs);
  const { election, registry } = job;
  return { app, election, job, registry, answers, looks: () => looks };
}

test('a firing is claimed for when the schedule has it, and not run again', async (t) => {
  const options = claiming(t);
  const first = await claims(options, { claim: true });
  await first.job.run();
  await first.job.run();
  assert.equal(first.job.count, 1);
  assert.deepEqual(first.election.lastFiring('bill'), NEW_YEAR);
  await first.app.close();
  const second = await claims(options, WITHIN_A_YEAR);
  await second.job.run();
  await second.app.close();
  assert.equal(second.job.count, 0);
});

test('what was missed is run by the next leader, once, if it was due so recently', async (t) => {
  const options = claiming(t);
  const before = await leader(t, options);
  assert.equal(await before.claim('bill', new Date(0)), true);
  await before.stop();
  for (const [how, expected] of [
    [{ claim: true }, []],
    [{ claim: true, missedWithinMs: 1 }, []],
    [WITHIN_A_YEAR, [true]],
    [WITHIN_A_YEAR, [false]],
  ]) {
    const { app, job, answers, looks } = await claims(options, how);
    if (how.missedWithinMs) await eventually('it has looked', () => looks() > 0);
    await eventually('it is answered', () => answers.length >= expected.length);
    // Waits for what begins with the term.
    await app.close();
    assert.deepEqual(answers, expected, JSON.stringify(how));
    assert.equal(job.count, expected.filter(Boolean).length, JSON.stringify(how));
  }
});

test('a job that is disabled, or was stopped, has missed nothing', async (t) => {
  const options = claiming(t);
  const before = await leader(t, options);
  assert.equal(await before.claim('bill', new Date(0)), true);
  await before.stop();
  const { app, job, registry, answers, looks } = await claims(options, WITHIN_A_YEAR, yearly({ disabled: true }));
  await eventually('it has looked again', () => looks() > 1);
  assert.deepEqual(answers, []);
  // As one with an initial delay does.
  registry.getCronJob('bill').start();
  await eventually('it has run', () => job.count === 1);
  await app.close();
  assert.deepEqual(answers, [true]);
});

test('a job that is on no schedule is not looked for without end', async (t) => {
  const { Firings, Schedules } = await import('../dist/nestjs-firings.js');
  const fake = await new FakeLeaderElection().start();
  let looks = 0;
  const schedules = new Schedules({ doesExist: () => ((looks += 1), false) });
  const now = performance.now();
  schedules.onApplicationBootstrap();
  t.mock.method(performance, 'now', () => now + 100_000);
  const warned = t.mock.method(Logger.prototype, 'warn', () => undefined);
  new Firings(fake, schedules, 'bill').runMissed(1, 0, () => undefined);
  const before = looks;
  for (let term = 1; term <= 2; term += 1) {
    fake.acquire();
    await eventually('it has looked', () => looks === before + term);
    fake.lose();
  }
  await fake.stop();
  assert.equal(looks, before + 2, 'once for each term');
  assert.equal(warned.mock.callCount(), 1);
});

test('what cannot be claimed keeps the application from starting', async () => {
  const scheduledBy = (scheduler) => [ScheduleModule.forRoot(), LeaseholdModule.forRoot({ ...ALWAYS, scheduler })];
  const unnamed = jobs(scheduledBy(SchedulerRegistry), { claim: true }, Cron('0 0 1 1 *'));
  await assert.rejects(create(unnamed.JobsModule), { code: 'config', message: /name the job/ });
  const unscheduled = jobs(scheduledBy(SchedulerRegistry), { claim: true });
  await assert.rejects(create(unscheduled.JobsModule), { code: 'config', message: /name the job/ });
  const misnamed = jobs(scheduledBy(SchedulerRegistry), { claim: true }, Cron('0 0 1 1 *', { name: 'my job' }));
  await assert.rejects(create(misnamed.JobsModule), { code: 'config', message: /job = `my job`/ });
  const unknown = jobs(scheduledBy(undefined), { claim: true }, yearly());
  await assert.rejects(create(unknown.JobsModule), { code: 'config', message: /SchedulerRegistry/ });
  assert.throws(() => LeaderOnly({ missedWithinMs: 1 }), ConfigError);
  assert.throws(() => LeaderOnly({ claims: true }), ConfigError);
});
