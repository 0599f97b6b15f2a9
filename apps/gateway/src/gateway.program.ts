import cluster from 'node:cluster';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import {
  createOpsHandler,
  GatewaySettings,
  HealthState,
  logFatal,
  NestLogger,
  reportStart,
  untilItWorks,
  type Tracing,
} from '#ops';
import { ConsoleEndpoint } from './console/console-endpoint.js';
import { DemoDoor } from './console/demo-door.js';
import { DropInPolls } from './dropin/drop-in-polls.js';
import { Drain } from './lifecycle/drain.js';
import { FairTurns } from './edge/fair-turns.js';
import { HandshakeRate } from './edge/handshake-rate.js';
import { RefusalLog } from './edge/refusal-log.js';
import { Maintenance } from './lifecycle/maintenance.js';
import { FleetMetrics } from './fleet/fleet-metrics.js';
import { AdminGate } from './admin/admin-gate.js';
import { QueuesEndpoint } from './admin/queues.endpoint.js';
import { LOGGER } from './gateway.logger.js';
import { TRACING } from './gateway.tracing.js';
import { GatewayStore } from './gateway.store.js';
import { type HttpAdapter } from './http/http.adapter.js';
import { ClientAddresses } from './http/client-address.js';
import { AnswerHeaders } from './http/answer-headers.js';
import { OriginRule } from './http/origin-rule.js';
import { ProblemFilter } from './http/problem.filter.js';
import { RequestGate } from './http/request-gate.js';
import { UnauthenticatedSockets } from './http/unauthenticated-sockets.js';
import { SseEndpoint } from './sse/sse-endpoint.js';
import { BeforeConnect } from './ws/before-connect.js';
import { SocketIoRule, type SocketIoTransport } from './ws/socket-io-rule.js';
import { SocketIoAdapter } from './ws/socket-io.adapter.js';

/** How long to wait for connections to close after the drain, ms. */
const CLOSE_MS = 2000;

/** A gateway from start to end. */
export class GatewayProgram {
  private readonly logger: Logger;
  private stopping: Promise<void> | null = null;

  constructor(private readonly app: NestExpressApplication) {
    this.logger = app.get<Logger>(LOGGER);
    const registry = app.get<Registry>(Registry);
    const ops = createOpsHandler(app.get(HealthState), cluster.isWorker ? new FleetMetrics(registry) : registry);
    app.useLogger(new NestLogger(this.logger));
    app.disable('x-powered-by');
    // Queries are read as URLSearchParams: Express's parsers stop at 1,000 keys, or convert brackets to objects.
    app.set('query parser', false);
    const { serveSocketIoClient, messageMaxBytes, websocketOnly } = app.get(GatewaySettings);
    // Long polling needs each request of a session at the same process.
    const transports: SocketIoTransport[] =
      cluster.isWorker || websocketOnly === 'true' ? ['websocket'] : ['websocket', 'polling'];
    const servesClient = serveSocketIoClient === 'true';
    const gate = new RequestGate({
      origins: app.get(OriginRule),
      headers: app.get(AnswerHeaders),
      socketIo: new SocketIoRule(transports, servesClient, messageMaxBytes),
      handshakes: app.get(HandshakeRate),
      turns: app.get(FairTurns),
      addresses: app.get(ClientAddresses),
      health: app.get(HealthState),
      ops,
      streams: app.get(SseEndpoint),
      console: app.get(ConsoleEndpoint),
      demo: app.get(DemoDoor),
      problems: app.get(ProblemFilter),
      refusals: app.get(RefusalLog),
    });
    const adapter = app.getHttpAdapter() as HttpAdapter;
    adapter.putInFront(gate);
    adapter.watch(app.get(UnauthenticatedSockets));
    adapter.keepConnections(app.get(GatewaySettings).httpKeepAliveMs);
    app.useGlobalFilters(app.get(ProblemFilter));
    const admin = app.get(AdminGate);
    app.use('/admin', (request: IncomingMessage, response: ServerResponse, next: () => void) =>
      admin.pass(request, response, next),
    );
    const queues = app.get(QueuesEndpoint);
    app.use('/admin/queues', (request: IncomingMessage, response: ServerResponse) => queues.serve(request, response));
    const beforeConnect = app.get(BeforeConnect);
    app.useWebSocketAdapter(new SocketIoAdapter(app, { transports, servesClient, messageMaxBytes, beforeConnect }));
  }

  /**
   * Listens before the store answers, so that operators can see a gateway that waits.
   *
   * @throws if the port is taken
   */
  async start(): Promise<void> {
    const settings = this.app.get(GatewaySettings);
    const { address, port } = settings;
    if (!cluster.isWorker) {
      reportStart(this.logger, 'gateway', settings); // In a fleet its primary does.
    }
    await this.app.listen(port, address);
    const maintenance = this.app.get(Maintenance);
    maintenance.start();
    this.logger.info({ address, port }, 'gateway listening');
    await this.untilStoreAnswers(this.app.get(GatewayStore));
    if (this.stopping === null) {
      maintenance.tendStore();
    }
  }

  /** Sends clients away over `DRAIN_MS`, then closes the server and the store. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  fatal(error: unknown): void {
    logFatal(this.logger, error);
  }

  private async stopOnce(): Promise<void> {
    this.logger.info('gateway draining');
    this.app.get(DropInPolls).stop();
    await this.app.get(Drain).run(this.app.getHttpAdapter() as HttpAdapter);
    this.app.get(Maintenance).stop();
    const server: Server = this.app.getHttpServer();
    server.closeAllConnections();
    await Promise.race([this.app.close(), new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    await this.app.get(GatewayStore).stop();
    await this.app.get<Tracing | null>(TRACING)?.stop();
    this.logger.info('gateway stopped');
  }

  private async untilStoreAnswers(store: GatewayStore): Promise<void> {
    const onError = store.onFailure('start', 'warn', 'waiting for the store');
    await untilItWorks(
      () => store.start(),
      () => this.stopping !== null,
      onError,
    );
  }
}
