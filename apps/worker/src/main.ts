import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';

import { SettingsError } from '#ops';

import { WorkerModule } from './worker.module.js';
import { WorkerProgram } from './worker.program.js';

async function main(): Promise<void> {
  const context = await NestFactory.createApplicationContext(WorkerModule, { logger: false, abortOnError: false });
  const program = context.get(WorkerProgram);
  const stop = () => {
    program.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await program.start();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof SettingsError ? error.message : String(error)}\n`);
  process.exit(1);
});
