import { Inject, Injectable, Module } from '@nestjs/common';
import { Interval, ScheduleModule } from '@nestjs/schedule';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ClusterLeaderService, LeaderElection } from 'leasehold';
import { LeaderElectionHealth, LeaderOnly, LeaseholdModule, electionToken } from 'leasehold/nestjs';

import { Settings, SettingsModule } from './application.js';

@Injectable()
export class Reports {
  constructor(
    @Inject(LeaderElection) private readonly election: LeaderElection,
    @Inject(electionToken('billing')) private readonly billing: LeaderElection,
    @Inject(ClusterLeaderService) private readonly leaders: ClusterLeaderService,
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(LeaderElectionHealth) private readonly elections: LeaderElectionHealth,
  ) {}

  @LeaderOnly('billing')
  @Interval(60_000)
  async report(): Promise<void> {
    console.log('under token', this.billing.term?.fencingToken);
  }

  describe(): string {
    return `${this.election.isLeader} ${this.leaders.isThisInstanceLeader('billing')}`;
  }

  check() {
    return this.health.check([() => this.elections.isHealthy('leader-election')]);
  }
}

@Module({
  imports: [
    ScheduleModule.forRoot(),
    TerminusModule,
    LeaseholdModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: (settings: Settings) => ({ lease: settings.name }),
      elections: ['billing'],
    }),
  ],
  providers: [Reports],
})
export class ReportsModule {}
