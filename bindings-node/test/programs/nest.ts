// A Nest application of which several run.

import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { LeaderElection } from 'leasehold';
import { LeaderOnly, LeaseholdModule } from 'leasehold/nestjs';

import { work } from './ledger.mjs';

const [{ name, folder, ...options }] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const replica = { name, folder };

@Injectable()
class Jobs {
  constructor(@Inject(LeaderElection) private readonly election: LeaderElection) {}

  @LeaderOnly()
  @Cron('* * * * * *')
  async below(): Promise<void> {
    await work(replica, 'below', this.election);
  }

  @Cron('* * * * * *', { name: 'above' })
  @LeaderOnly()
  async above(): Promise<void> {
    await work(replica, 'above', this.election);
  }

  @LeaderOnly({ claim: true, missedWithinMs: 60_000 })
  @Cron('* * * * * *', { name: 'claimed' })
  async claimed(): Promise<void> {
    await work(replica, 'claimed', this.election);
  }

  @LeaderOnly()
  @Interval(50)
  async often(): Promise<void> {
    await work(replica, 'often', this.election);
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
