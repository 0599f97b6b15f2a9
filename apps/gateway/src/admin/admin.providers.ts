import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { FactoryProvider, Type } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { Interest } from '#core';
import { figuresOf, GatewaySettings, programVersion, RevocationReport, SampledLines } from '#ops';
import { type Survey } from '#redis';
import { RevocationList } from '../auth/revocation-list.js';
import { Revocations } from '../auth/revocations.js';
import { LOGGER } from '../gateway.logger.js';
import { GatewayStore } from '../gateway.store.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import { Connections } from '../session/connections.js';
import { AdminCallers } from './admin-callers.js';
import { AdminGate } from './admin-gate.js';
import { CaseSurveyor } from './case-survey.js';
import { CasesController } from './cases.controller.js';
import { ConnectionsController } from './connections.controller.js';
import { FeedsController } from './feeds.controller.js';
import { GatewayParticipant } from './gateway-participant.js';
import { IndexController } from './index.controller.js';
import { ProcessesController } from './processes.controller.js';
import { QueuesEndpoint } from './queues.endpoint.js';
import { RevocationsController } from './revocations.controller.js';
import { OverviewStream } from './overview-stream.js';
import { SetsController } from './sets.controller.js';
import { StreamController } from './stream.controller.js';
import { SURVEY } from './survey-token.js';

export const adminControllers: Type[] = [
  CasesController,
  ConnectionsController,
  FeedsController,
  ProcessesController,
  RevocationsController,
  SetsController,
  StreamController,
  IndexController, // The last one: it refuses what the others do not serve.
];

/** Name of this process: host, process id, and a part that differs where containers share both. */
const PROCESS_NAME = `${hostname()}/${process.pid}/${randomBytes(2).toString('hex')}`;

/** What the overview for operators needs of a gateway's metrics. */
const GATEWAY_FIGURES = [
  'upstream_requests_by_clients_per_second',
  'deliveries_total',
  'delivery_latency_seconds',
  'refusals_total',
  'closings_total',
  'gaps_total',
];

/** Requests with a wrong secret write a line at most this often, ms. */
const REFUSED_EVERY_MS = 60_000;

/** What operators may do and see at `/admin`, and the rights that they have ended. */
export const adminProviders: FactoryProvider[] = [
  { provide: Revocations, useFactory: () => new Revocations() },
  {
    provide: RevocationList,
    inject: [Revocations, GatewayStore, Connections, Registry, LOGGER],
    useFactory: (
      revocations: Revocations,
      { revocations: store, clock }: GatewayStore,
      connections: Connections,
      registry: Registry,
      logger: Logger,
    ): RevocationList => {
      const report = new RevocationReport(registry, logger, () => revocations.inEffect.length);
      const onChange = () => connections.rightsChanged();
      return new RevocationList({ revocations, store, clock, onChange, onCompared: (error) => report.compared(error) });
    },
  },
  {
    provide: SURVEY,
    inject: [GatewayStore, Connections, Interest, LOGGER, Registry],
    useFactory: (
      { operators }: GatewayStore,
      connections: Connections,
      interest: Interest,
      logger: Logger,
      registry: Registry,
    ) => {
      const figures = () => figuresOf(registry, GATEWAY_FIGURES);
      const parts = { process: PROCESS_NAME, version: programVersion(), connections, interest, logger, figures };
      const onError = (error: unknown) => logger.warn({ part: 'survey', err: error }, 'a question was not answered');
      return operators.survey(new GatewayParticipant(parts), onError);
    },
  },
  {
    provide: CaseSurveyor,
    inject: [GatewayStore, SURVEY],
    useFactory: ({ operators, clock }: GatewayStore, survey: Pick<Survey, 'ask'>) =>
      new CaseSurveyor({ reads: operators.reads, survey, clock }),
  },
  {
    provide: OverviewStream,
    inject: [GatewayStore, SURVEY, GatewaySettings, LOGGER],
    useFactory: (
      { operators, clock }: GatewayStore,
      survey: Pick<Survey, 'ask'>,
      { pollIntervalMs }: GatewaySettings,
      logger: Logger,
    ) => {
      const onError = (err: unknown) => logger.warn({ part: 'admin', err }, 'the overview for operators failed');
      return new OverviewStream({ reads: operators.reads, survey, clock, pollIntervalMs, onError });
    },
  },
  {
    provide: QueuesEndpoint,
    inject: [GatewayStore, ProblemFilter],
    useFactory: ({ operators }: GatewayStore, problems: ProblemFilter) =>
      new QueuesEndpoint({ queue: operators.bull, problems }),
  },
  {
    provide: AdminGate,
    inject: [GatewaySettings, ProblemFilter, UnauthenticatedSockets, LOGGER],
    useFactory: (
      { adminToken }: GatewaySettings,
      problems: ProblemFilter,
      sockets: UnauthenticatedSockets,
      logger: Logger,
    ) =>
      new AdminGate({
        callers: new AdminCallers(adminToken),
        problems,
        sockets,
        logger,
        lines: new SampledLines(logger, REFUSED_EVERY_MS),
      }),
  },
];
