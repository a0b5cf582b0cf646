// A Nest application of which several run: what its jobs do is counted in files that all share.

import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { LeaderElection } from 'leasehold';
import { LeaderOnly, LeaseholdModule } from 'leasehold/nestjs';

const [{ name, folder, ...options }] = process.argv.slice(2).map((argument) => JSON.parse(argument));

const underWay = new Set<string>();

/** Reads how much has been done and does one more: twice the same, if another does so meanwhile. */
async function work(job: string, election: LeaderElection): Promise<void> {
  // Nest begins a job that is due though the last one goes on, as on a busy machine.
  if (underWay.has(job)) return;
  underWay.add(job);
  const file = join(folder, job);
  const { fencingToken } = election.term ?? {};
  const done = readFileSync(file, 'utf8').split('\n').length;
  await sleep(30);
  appendFileSync(file, `${done} ${name} ${fencingToken}\n`);
  underWay.delete(job);
}

@Injectable()
class Jobs {
  constructor(@Inject(LeaderElection) private readonly election: LeaderElection) {}

  @LeaderOnly()
  @Cron('* * * * * *')
  async below(): Promise<void> {
    await work('below', this.election);
  }

  @Cron('* * * * * *', { name: 'above' })
  @LeaderOnly()
  async above(): Promise<void> {
    await work('above', this.election);
  }

  @LeaderOnly({ claim: true, missedWithinMs: 60_000 })
  @Cron('* * * * * *', { name: 'claimed' })
  async claimed(): Promise<void> {
    await work('claimed', this.election);
  }

  @LeaderOnly()
  @Interval(50)
  async often(): Promise<void> {
    await work('often', this.election);
  }
}

@Module({
  imports: [
    ScheduleModule.forRoot(),
    LeaseholdModule.forRoot({ ...options, scheduler: SchedulerRegistry }),
  ],
  providers: [Jobs],
})
class Application {}

const app = await NestFactory.createApplicationContext(Application, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
console.log('started');
