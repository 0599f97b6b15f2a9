import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { GatewayModule } from './gateway.module.js';
import { GatewayProgram } from './gateway.program.js';
import { HttpAdapter } from './http/http.adapter.js';

/** A gateway that serves clients, made and not yet started. @throws {SettingsError} */
export async function createGatewayProgram(): Promise<GatewayProgram> {
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule, new HttpAdapter(), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  return new GatewayProgram(app);
}
