import 'reflect-metadata';

import cluster from 'node:cluster';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { createLogger, readSettings, SettingsError, type LogLevel } from '#ops';

import { GatewayFleet } from './fleet/gateway-fleet.js';
import { GatewayModule } from './gateway.module.js';
import { GatewayProgram } from './gateway.program.js';
import { HttpAdapter } from './http/http.adapter.js';

async function serve(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule, new HttpAdapter(), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  const program = new GatewayProgram(app);
  onStop(() => {
    program.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  await program.start();
}

async function lead(size: number, logLevel: LogLevel): Promise<void> {
  const fleet = new GatewayFleet(size, createLogger('gateway', logLevel));
  onStop(() => fleet.stop());
  process.exit((await fleet.run()) ? 0 : 1);
}

function onStop(stop: () => void): void {
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (cluster.isWorker) {
    process.once('disconnect', stop); // The fleet's leader is gone: nobody hands out connections any more.
  }
}

async function main(): Promise<void> {
  const { gatewayProcesses, logLevel } = readSettings('gateway');
  await (cluster.isPrimary && gatewayProcesses > 1 ? lead(gatewayProcesses, logLevel) : serve());
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof SettingsError ? error.message : String(error)}\n`);
  process.exit(1);
});
