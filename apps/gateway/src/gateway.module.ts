import { performance } from 'node:perf_hooks';
import { Module, type FactoryProvider } from '@nestjs/common';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { Hub, Interest, PollingWatch } from '#core';
import {
  DeliveryMetrics,
  EvictionReport,
  GatewaySettings,
  HealthState,
  SampledLines,
  DemandMetrics,
  OverviewMetrics,
  type Tracing,
} from '#ops';
import { PositionIds, SioFrames, SseFrames } from '#protocol';
import { AGE_BOUNDS_S, type Survey } from '#redis';
import { adminControllers, adminProviders } from './admin/admin.providers.js';
import { StreamsController } from './durable/streams.controller.js';
import { DocsController } from './docs/docs.controller.js';
import { consoleProviders } from './console/console.providers.js';
import { dropInProviders } from './dropin/drop-in.providers.js';
import { InstantMessagesController } from './dropin/instant-messages.controller.js';
import { PolledInterest } from './dropin/polled-interest.js';
import { RequestAuthentication } from './auth/request-authentication.js';
import { authentication } from './authentication.providers.js';
import { LOGGER } from './gateway.logger.js';
import { TRACING } from './gateway.tracing.js';
import { Connections } from './session/connections.js';
import { DeliveryCounters } from './session/delivery-counters.js';
import { AcceptRate } from './lifecycle/accept-rate.js';
import { Drain } from './lifecycle/drain.js';
import { OwnOffer } from './lifecycle/own-offer.js';
import { RefusalLog } from './edge/refusal-log.js';
import { RequestReader } from './edge/request-reader.js';
import { UnauthenticatedConnections } from './edge/unauthenticated-connections.js';
import { RightsWatch } from './session/rights-watch.js';
import { ReplayPace } from './session/replay-pace.js';
import { UnreadHub } from './session/unread-hub.js';
import { TickWrites } from './session/tick-writes.js';
import { Maintenance } from './lifecycle/maintenance.js';
import { PollingReport } from './lifecycle/polling-report.js';
import { SURVEY } from './admin/survey-token.js';
import { RevocationList } from './auth/revocation-list.js';
import { Revocations } from './auth/revocations.js';
import { GatewayStore } from './gateway.store.js';
import { AnswerHeaders } from './http/answer-headers.js';
import { Languages } from './edge/languages.js';
import { caseProviders } from './http/case.providers.js';
import { CaseMessagesController } from './http/case-messages.controller.js';
import { CaseSnapshotController } from './http/case-snapshot.controller.js';
import { HintsController } from './http/hints.controller.js';
import { OriginRule } from './http/origin-rule.js';
import { OwnOrigins } from './http/own-origin.js';
import { ProblemFilter } from './http/problem.filter.js';
import { SseEndpoint } from './sse/sse-endpoint.js';
import { surroundings } from './surroundings.providers.js';
import { unauthenticated } from './unauthenticated.providers.js';
import { EventsGateway } from './ws/events.gateway.js';

/**
 * Most publications in the tail of a ticket: as many as a new client gets by default, and some for clients that resume.
 */
const TAIL_MAX = 100;

/** Time in which one line tells of refused clients of a code, ms. */
const REFUSALS_SPAN_MS = 60_000;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const domain: FactoryProvider[] = [
  {
    provide: Hub,
    inject: [GatewayStore, GatewaySettings],
    useFactory: ({ broker }: GatewayStore, settings: GatewaySettings) =>
      new Hub(
        { broker, wait },
        {
          historyMax: settings.historyMaxEvents,
          tailMax: Math.min(TAIL_MAX, settings.historyMaxEvents),
          idleMs: settings.subscriptionLingerMs,
        },
      ),
  },
  {
    provide: Interest,
    inject: [GatewayStore, GatewaySettings],
    useFactory: ({ registry, queue, clock }: GatewayStore, settings: GatewaySettings) =>
      new Interest({ registry, queue, clock }, settings.subscriptionLingerMs, settings.unknownCasesMax),
  },
];

const delivery: FactoryProvider[] = [
  { provide: PositionIds, inject: [GatewayStore], useFactory: (store: GatewayStore) => new PositionIds(store) },
  { provide: SseFrames, inject: [PositionIds], useFactory: (ids: PositionIds) => new SseFrames(ids) },
  { provide: SioFrames, inject: [PositionIds], useFactory: (ids: PositionIds) => new SioFrames(ids) },
  { provide: RequestReader, useFactory: () => new RequestReader() },
  {
    provide: RefusalLog,
    inject: [DeliveryMetrics, GatewayStore, LOGGER],
    useFactory: (metrics: DeliveryMetrics, store: GatewayStore, logger: Logger) =>
      new RefusalLog({
        metrics,
        lines: new SampledLines(logger, REFUSALS_SPAN_MS),
        onError: store.onFailure('requests', 'error', 'a request failed'),
      }),
  },
  {
    provide: Connections,
    inject: [Hub, Interest, GatewayStore, PositionIds, DeliveryMetrics, GatewaySettings, Revocations, TRACING],
    useFactory: (
      hub: Hub,
      interest: Interest,
      store: GatewayStore,
      ids: PositionIds,
      metrics: DeliveryMetrics,
      settings: GatewaySettings,
      revocations: Revocations,
      tracing: Tracing | null,
    ): Connections => {
      const counters = new DeliveryCounters(metrics, () => store.clock.now(), tracing?.deliveries ?? null);
      const onError = store.onFailure('subscriptions');
      const { maxCasesPerSubscription: maxCases, slowConsumerMaxBytes: maxUnsentBytes } = settings;
      const writes = new TickWrites();
      const pace = new ReplayPace();
      const unread = new UnreadHub({
        hub,
        store: store.unread,
        clock: store.clock,
        lingerMs: settings.subscriptionLingerMs,
        onError: store.onFailure('leases'),
      });
      const parts = { hub: unread, interest, counters, writes, pace, ids, maxCases, maxUnsentBytes, onError };
      return new Connections(parts, store.counts, settings.maxConnectionsPerSubject, revocations);
    },
  },
  {
    provide: Maintenance,
    inject: [
      Connections,
      UnauthenticatedConnections,
      RevocationList,
      SURVEY,
      Hub,
      Interest,
      GatewayStore,
      DeliveryMetrics,
      GatewaySettings,
      LOGGER,
      Registry,
      RightsWatch,
      PolledInterest,
      OwnOffer,
    ],
    useFactory: (
      connections: Connections,
      unauthenticated: UnauthenticatedConnections,
      revocations: RevocationList,
      survey: Pick<Survey, 'listen'>,
      hub: Hub,
      interest: Interest,
      store: GatewayStore,
      metrics: DeliveryMetrics,
      { sseHeartbeatMs, pollIntervalMs: intervalMs, upstreamMaxCaseIds: maxCaseIds }: GatewaySettings,
      logger: Logger,
      registry: Registry,
      rights: RightsWatch,
      polled: PolledInterest,
      offer: OwnOffer,
    ) => {
      const evictions = new EvictionReport(registry, logger);
      const polling = new PollingWatch(hub, store.registry, store.clock);
      const onError = store.onFailure('leases');
      const now = () => store.clock.now();
      new DemandMetrics(registry, () => connections.demand(maxCaseIds), intervalMs);
      const overview = new OverviewMetrics(registry, { now, intervalMs, ageBoundsS: AGE_BOUNDS_S });
      const pollingReport = new PollingReport(logger, () => performance.timeOrigin + performance.now());
      const watches = { polling, pollingReport, evictions, overview, revocations, rights, survey, polled, offer };
      const parts = { connections, unauthenticated, hub, interest, store, metrics, ...watches, onError };
      return new Maintenance(parts, sseHeartbeatMs);
    },
  },
  {
    provide: OwnOffer,
    inject: [GatewayStore, Connections, GatewaySettings, LOGGER],
    useFactory: (
      store: GatewayStore,
      connections: Connections,
      { maxHandshakesPerS }: GatewaySettings,
      logger: Logger,
    ) => {
      let last = performance.eventLoopUtilization();
      const utilization = () => {
        const before = last;
        last = performance.eventLoopUtilization();
        return performance.eventLoopUtilization(last, before).utilization;
      };
      return new OwnOffer({
        offers: store.offers,
        rate: new AcceptRate(maxHandshakesPerS),
        begun: () => connections.begun,
        utilization,
        now: () => performance.now(),
        wait,
        onSpan: (retryMs, clients) => logger.info({ clients, retryMs }, 'other gateways accept the clients'),
        onError: store.onFailure('drain'),
      });
    },
  },
  {
    provide: Drain,
    inject: [Connections, HealthState, OwnOffer, GatewaySettings],
    useFactory: (connections: Connections, health: HealthState, offer: OwnOffer, { drainMs }: GatewaySettings) =>
      new Drain(connections, health, offer, drainMs, wait),
  },
  {
    provide: OriginRule,
    inject: [GatewaySettings],
    useFactory: ({ allowedOrigins, publicUrl, trustProxy }: GatewaySettings) =>
      new OriginRule(allowedOrigins, new OwnOrigins(publicUrl, trustProxy)),
  },
  {
    provide: Languages,
    inject: [GatewaySettings],
    useFactory: ({ upstreamLanguage, languages }: GatewaySettings) => new Languages(upstreamLanguage, languages),
  },
];

const edges: FactoryProvider[] = [
  { provide: AnswerHeaders, inject: [OriginRule], useFactory: (origins: OriginRule) => new AnswerHeaders(origins) },
  {
    provide: SseEndpoint,
    inject: [
      RequestAuthentication,
      RequestReader,
      Connections,
      SseFrames,
      AnswerHeaders,
      ProblemFilter,
      RefusalLog,
      GatewaySettings,
      Languages,
      PositionIds,
    ],
    useFactory: (
      authentication: RequestAuthentication,
      reader: RequestReader,
      connections: Connections,
      frames: SseFrames,
      headers: AnswerHeaders,
      problems: ProblemFilter,
      refusals: RefusalLog,
      settings: GatewaySettings,
      languages: Languages,
      ids: PositionIds,
    ) =>
      new SseEndpoint({
        authentication,
        reader,
        connections,
        frames,
        headers,
        problems,
        refusals,
        settings,
        languages,
        ids,
      }),
  },
];

/**
 * The gateway's composition root: its parts are created here, in `authentication.providers.ts` and in
 * `unauthenticated.providers.ts`, and nowhere else.
 */
@Module({
  controllers: [
    CaseMessagesController,
    CaseSnapshotController,
    HintsController,
    InstantMessagesController,
    DocsController,
    StreamsController,
    ...adminControllers,
  ],
  providers: [
    ...surroundings,
    ...authentication,
    ...domain,
    ...delivery,
    ...caseProviders,
    ...unauthenticated,
    ...edges,
    ...adminProviders,
    ...dropInProviders,
    ...consoleProviders,
    EventsGateway,
  ],
})
export class GatewayModule {}
