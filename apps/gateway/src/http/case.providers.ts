import type { FactoryProvider } from '@nestjs/common';
import { Registry } from 'prom-client';
import { OlderMetrics } from '#ops';
import { OlderIds, PositionIds } from '#protocol';
import { GatewayStore } from '../gateway.store.js';
import { CaseHistory } from './case-history.js';
import { CaseSnapshot } from './case-snapshot.js';
import { OlderHistory } from './older-history.js';
import { SubjectReads } from './subject-reads.js';

/** What reads tickets over HTTP. */
export const caseProviders: readonly FactoryProvider[] = [
  {
    provide: CaseHistory,
    inject: [GatewayStore, PositionIds],
    useFactory: ({ broker }: GatewayStore, ids: PositionIds) => new CaseHistory(broker, ids),
  },
  {
    provide: OlderHistory,
    inject: [GatewayStore, PositionIds, Registry],
    useFactory: (store: GatewayStore, ids: PositionIds, registry: Registry) => {
      const { broker, registry: interest, older, clock } = store;
      const onPage = new OlderMetrics(registry).page;
      const olderIds = new OlderIds(store);
      return new OlderHistory({ broker, registry: interest, older, ids, olderIds, now: () => clock.now(), onPage });
    },
  },
  {
    provide: CaseSnapshot,
    inject: [GatewayStore, PositionIds],
    useFactory: ({ broker, registry }: GatewayStore, ids: PositionIds) => new CaseSnapshot(broker, registry, ids),
  },
  { provide: SubjectReads, useFactory: () => new SubjectReads() },
];
