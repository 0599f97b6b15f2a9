import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { SettingsError } from '#ops';

import { GatewayModule } from './gateway.module.js';
import { GatewayProgram } from './gateway.program.js';
import { HttpAdapter } from './http/http.adapter.js';

async function main(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule, new HttpAdapter(), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  const program = new GatewayProgram(app);
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
