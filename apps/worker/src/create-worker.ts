import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';

import { WorkerModule } from './worker.module.js';
import { WorkerProgram } from './worker.program.js';

/** @throws {SettingsError} if the settings are wrong */
export async function createWorker(): Promise<WorkerProgram> {
  const context = await NestFactory.createApplicationContext(WorkerModule, { logger: false, abortOnError: false });
  return context.get(WorkerProgram);
}
