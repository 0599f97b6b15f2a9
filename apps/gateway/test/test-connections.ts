import { Registry } from 'prom-client';
import { Hub, Interest, type Feed, type Publication } from '#core';
import { DeliveryMetrics } from '#ops';
import { PositionIds, type ClosingData } from '#protocol';
import { Revocations } from '../src/auth/revocations.js';
import { Rights } from '../src/auth/rights.js';
import { Connections } from '../src/session/connections.js';
import { DeliveryCounters } from '../src/session/delivery-counters.js';
import { ReplayPace } from '../src/session/replay-pace.js';
import { TickWrites } from '../src/session/tick-writes.js';
import { TestStore } from './test-store.js';

export const fakeOutlet = () => ({
  transport: 'sse' as const,
  unsentBytes: 0,
  tcp: null,
  probe: jest.fn(),
  begin: jest.fn(),
  settle: jest.fn(),
  drained: jest.fn(() => new Promise<void>((resolve) => setImmediate(resolve))),
  collect: jest.fn(() => 0),
  collectPast: jest.fn(() => 0),
  replay: jest.fn(),
  replayPart: jest.fn<void, [readonly Publication[], Feed, boolean]>(),
  send: jest.fn(() => false),
  flush: jest.fn(() => false),
  notify: jest.fn(),
  text: jest.fn(),
  joined: jest.fn(),
  left: jest.fn(),
  heartbeat: jest.fn(),
  close: jest.fn<void, [ClosingData]>(),
  destroy: jest.fn(),
});
export const rights = (subject: string | null, expiresAt = Number.POSITIVE_INFINITY) =>
  new Rights(subject, expiresAt, { cases: ['*'], groups: [], hints: false });

/** Connections with a store in memory. */
export function connections(maxPerSubject = 20, store = new TestStore(), revocations = new Revocations()): Connections {
  const { broker, registry, queue, clock, counts } = store;
  const hub = new Hub({ broker, wait: async () => undefined }, { historyMax: 10, tailMax: 10, idleMs: 0 });
  const interest = new Interest({ registry, queue, clock }, 0);
  const counters = new DeliveryCounters(new DeliveryMetrics(new Registry()));
  const limits = { maxCases: 10, maxUnsentBytes: 1000 };
  const ids = new PositionIds(store);
  return new Connections(
    {
      hub,
      interest,
      counters,
      writes: new TickWrites(),
      pace: new ReplayPace(() => 0),
      ids,
      ...limits,
      onError: () => undefined,
    },
    counts,
    maxPerSubject,
    revocations,
  );
}
