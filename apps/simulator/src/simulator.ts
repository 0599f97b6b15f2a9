import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type Logger } from 'pino';
import { type Clock } from './clock.js';
import { InvalidInputFilter } from './control/invalid-input.filter.js';
import { Demo } from './demo/demo.js';
import { NestLogger } from './logger.js';
import { CaseEndpoints } from './messages/case-endpoints.js';
import { InstantMessages } from './messages/instant-messages.js';
import { TicketStore } from './messages/ticket-store.js';
import { type Settings } from './settings.js';
import { SimulatorModule } from './simulator.module.js';

/** Longer than any poller waits. An idle connection that ends in the moment of its next use looks like a fault. */
const KEEP_ALIVE_MS = 120_000;
/** A hundred ticket ids of 64 characters and a token of 5,000 are more than the 16 KiB of Node. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Benchmarks post many messages in one request. */
const MAX_CONTROL_BODY = '64mb';

/** A running simulator. */
export interface Simulator {
  readonly port: number;
  /** Ends at once, with all requests in flight: some faults never end by themselves. */
  close(): Promise<void>;
}

export async function startSimulator(settings: Settings, clock: Clock, logger: Logger): Promise<Simulator> {
  const app = await NestFactory.create<NestExpressApplication>(SimulatorModule.with(settings, clock), {
    logger: new NestLogger(logger),
    bodyParser: false,
  });
  app.useBodyParser('raw', { type: () => true, limit: MAX_CONTROL_BODY });
  app.useGlobalFilters(new InvalidInputFilter());
  await app.init();

  const messages = app.get(InstantMessages);
  const others = app.get(CaseEndpoints);
  const nest: RequestListener = app.getHttpAdapter().getInstance();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES }, (req, res) => {
    if (InstantMessages.isMeantBy(req)) messages.handle(req, res);
    else if (!others.serves(req, res)) nest(req, res);
  });
  server.listen(settings.port, settings.host);
  await once(server, 'listening');

  const demo = settings.demo ? new Demo(app.get(TicketStore), clock) : undefined;
  demo?.start();
  return {
    port: portOf(server),
    close: async () => {
      demo?.stop();
      server.close();
      server.closeAllConnections();
      await app.close();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}
