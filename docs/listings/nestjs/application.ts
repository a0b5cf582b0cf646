// What stands for the rest of an application.

import { Injectable, Module } from '@nestjs/common';

@Injectable()
export class Settings {
  readonly name = 'reports';
}

@Module({ providers: [Settings], exports: [Settings] })
export class SettingsModule {}
