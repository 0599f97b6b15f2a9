import type { FactoryProvider } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { GatewaySettings, RevocationReport, SampledLines } from '#ops';
import { RevocationList } from '../auth/revocation-list.js';
import { Revocations } from '../auth/revocations.js';
import { LOGGER } from '../gateway.logger.js';
import { GatewayStore } from '../gateway.store.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import { Connections } from '../session/connections.js';
import { AdminCallers } from './admin-callers.js';
import { AdminGate } from './admin-gate.js';

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
