import type { FactoryProvider } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import {
  createLogger,
  createRegistry,
  DeliveryMetrics,
  GatewaySettings,
  HealthState,
  readSettings,
  RedisMetrics,
  startTracing,
  type Tracing,
} from '#ops';
import { LOGGER } from './gateway.logger.js';
import { RevocationList } from './auth/revocation-list.js';
import { GatewayStore } from './gateway.store.js';
import { TRACING } from './gateway.tracing.js';
import { RedisStore } from './redis.store.js';

/** What a gateway has before it has clients: settings, logs, metrics, traces, the store. */
export const surroundings: FactoryProvider[] = [
  { provide: GatewaySettings, useFactory: () => readSettings('gateway') },
  {
    provide: LOGGER,
    inject: [GatewaySettings],
    useFactory: ({ logLevel }: GatewaySettings) => createLogger('gateway', logLevel),
  },
  { provide: Registry, useFactory: () => createRegistry('gateway') },
  { provide: DeliveryMetrics, inject: [Registry], useFactory: (registry: Registry) => new DeliveryMetrics(registry) },
  {
    provide: TRACING,
    inject: [GatewaySettings, LOGGER],
    useFactory: (settings: GatewaySettings, logger: Logger) => startTracing(settings, 'gateway', logger),
  },
  {
    provide: GatewayStore,
    inject: [GatewaySettings, LOGGER, DeliveryMetrics, Registry, TRACING],
    useFactory: (
      settings: GatewaySettings,
      logger: Logger,
      metrics: DeliveryMetrics,
      registry: Registry,
      tracing: Tracing | null,
    ) => {
      const redis = new RedisMetrics(registry);
      return new RedisStore(settings, logger, {
        onHeard: (ms) => metrics.heard(ms),
        ...(tracing && { onTraced: (trace, publication) => tracing.deliveries.heard(trace, publication) }),
        onPing: (ms) => redis.pinged(ms),
      });
    },
  },
  {
    provide: HealthState,
    inject: [GatewayStore, RevocationList],
    useFactory: (store: GatewayStore, revocations: RevocationList) => {
      const health = new HealthState();
      health.require('redis', () => store.isWell());
      // Before that no token is known to be valid, so no client is served.
      health.require('revocations', () => revocations.isKnown);
      return health;
    },
  },
];
