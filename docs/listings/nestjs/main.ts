import { NestFactory } from '@nestjs/core';

import { JobsModule } from './jobs.js';

const app = await NestFactory.createApplicationContext(JobsModule);
app.enableShutdownHooks(); // so that SIGTERM hands the Lease over
