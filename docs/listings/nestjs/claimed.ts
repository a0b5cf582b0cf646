import { Injectable, Module } from '@nestjs/common';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { LeaderOnly, LeaseholdModule } from 'leasehold/nestjs';

@Injectable()
class InvoiceJobs {
  @LeaderOnly({ claim: true, missedWithinMs: 3_600_000 })
  @Cron('0 3 * * *', { name: 'billing.invoices', timeZone: 'Europe/Berlin' })
  async send(): Promise<void> {
    // Each firing once; one that was missed, by the next leader within an hour.
  }
}

@Module({
  imports: [
    ScheduleModule.forRoot(),
    LeaseholdModule.forRoot({ lease: 'billing', scheduler: SchedulerRegistry }),
  ],
  providers: [InvoiceJobs],
})
export class ClaimedModule {}
