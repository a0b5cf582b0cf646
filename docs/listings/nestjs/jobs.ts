import { Injectable, Module } from '@nestjs/common';
import { Cron, ScheduleModule } from '@nestjs/schedule';
import { LeaderOnly, LeaseholdModule } from 'leasehold/nestjs';

@Injectable()
class BillingJobs {
  @LeaderOnly()
  @Cron('0 3 * * *')
  async bill(): Promise<void> {
    // On one replica only. The Lease is not given to another before this has settled.
  }
}

@Module({
  imports: [ScheduleModule.forRoot(), LeaseholdModule.forRoot({ lease: 'billing' })],
  providers: [BillingJobs],
})
export class JobsModule {}
