import type { FactoryProvider } from '@nestjs/common';
import { Hub, Interest } from '#core';
import { Registry } from 'prom-client';
import { DropInMetrics, GatewaySettings } from '#ops';
import { RequestAuthentication } from '../auth/request-authentication.js';
import { RevocationList } from '../auth/revocation-list.js';
import { Revocations } from '../auth/revocations.js';
import { GatewayStore } from '../gateway.store.js';
import { OwnOrigins } from '../http/own-origin.js';
import { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import { AccessKeys } from './access-keys.js';
import { DropInAuthentication } from './drop-in-authentication.js';
import { DropInPolls } from './drop-in-polls.js';
import { FirstAnswers } from './first-answers.js';
import { PolledInterest } from './polled-interest.js';

/** Most tickets that polls of one subject hold, as multiples of the largest subscription. */
const FULL_SUBSCRIPTIONS = 10;

/** Polling as the upstream has it: a part of the composition root. */
export const dropInProviders: FactoryProvider[] = [
  {
    provide: AccessKeys,
    inject: [GatewaySettings],
    useFactory: ({ dropinAccessKeysFile }: GatewaySettings) => AccessKeys.read(dropinAccessKeysFile),
  },
  {
    provide: DropInAuthentication,
    inject: [RequestAuthentication, AccessKeys, Revocations, RevocationList, UnauthenticatedSockets, GatewaySettings],
    useFactory: (
      tokens: RequestAuthentication,
      keys: AccessKeys,
      revocations: Revocations,
      list: RevocationList,
      sockets: UnauthenticatedSockets,
      { publicUrl, trustProxy }: GatewaySettings,
    ) => {
      const origins = new OwnOrigins(publicUrl, trustProxy);
      return new DropInAuthentication({ tokens, keys, revocations: { revocations, list }, origins, sockets });
    },
  },
  { provide: DropInMetrics, inject: [Registry], useFactory: (registry: Registry) => new DropInMetrics(registry) },
  {
    provide: PolledInterest,
    inject: [Interest, GatewayStore, GatewaySettings, DropInMetrics],
    useFactory: (
      interest: Interest,
      store: GatewayStore,
      { dropinLeaseMs, maxCasesPerSubscription }: GatewaySettings,
      metrics: DropInMetrics,
    ) => {
      const most = maxCasesPerSubscription * FULL_SUBSCRIPTIONS;
      return new PolledInterest(interest, dropinLeaseMs, most, store.onFailure('polls'), metrics);
    },
  },
  {
    provide: DropInPolls,
    inject: [Hub, PolledInterest, GatewayStore, GatewaySettings, DropInMetrics],
    useFactory: (
      hub: Hub,
      interest: PolledInterest,
      store: GatewayStore,
      { historyMaxEvents: historyMax }: GatewaySettings,
      metrics: DropInMetrics,
    ) => {
      const { registry } = store;
      const firstAnswers = new FirstAnswers(registry);
      const onError = store.onFailure('polls');
      return new DropInPolls({ hub, interest, firstAnswers, registry, historyMax, metrics, onError });
    },
  },
];
