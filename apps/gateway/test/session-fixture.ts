import { Registry } from 'prom-client';
import { Hub, Interest, REPLAY_BOUNDS, type Feed } from '#core';
import { DeliveryMetrics } from '#ops';
import { PositionIds, type ReadyData } from '#protocol';
import { Rights } from '../src/auth/rights.js';
import { Deadline } from '../src/edge/deadline.js';
import type { SubscriptionParameters } from '../src/edge/subscription-parameters.js';
import { fakeOutlet } from './test-connections.js';
import { TestStore } from './test-store.js';
import { ClientSession } from '../src/session/client-session.js';
import { DeliveryCounters } from '../src/session/delivery-counters.js';
import { ReplayPace } from '../src/session/replay-pace.js';
import { TickWrites } from '../src/session/tick-writes.js';

export const FEED: Feed = { language: 'zh-cn' };
export const GROUP: Feed = { ...FEED, groupId: 'g' };
/** `MAX_CASES_PER_SUBSCRIPTION` */
export const MAX_CASES = 3;

export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** One session with a store in memory. */
export function sessionFixture(
  granted = new Rights('alice', 1000, { cases: ['*'], groups: ['g'], hints: false }),
  replay = REPLAY_BOUNDS,
) {
  const store = new TestStore();
  const { broker, registry, queue, clock } = store;
  const hub = new Hub({ broker, wait: async () => undefined }, { historyMax: 10, tailMax: 10, idleMs: 0, replay });
  const interest = new Interest({ registry, queue, clock }, 0);
  const counters = new DeliveryCounters(new DeliveryMetrics(new Registry()));
  const onError = jest.fn();
  const owner = { ended: jest.fn(), authenticated: jest.fn() };
  const limits = { maxCases: MAX_CASES, maxUnsentBytes: 1000 };
  const outlet = fakeOutlet();
  const ids = new PositionIds(store);
  // Its clock stands still: replays pause by no timer, so a turn of the event loop is enough for a part on any machine.
  const pace = new ReplayPace(() => 0);
  const parts = { hub, interest, counters, writes: new TickWrites(), pace, ids, ...limits, onError };
  const session = new ClientSession(granted, outlet, parts, owner, null);
  const counted = jest.spyOn(counters, 'subscribed');
  const subscribe = (caseIds: readonly string[], feed = FEED, history = 0) => {
    const ready: ReadyData[] = [];
    const parameters: SubscriptionParameters = { feed, caseIds, from: { kind: 'start' }, history };
    return session.subscribe(parameters, new Deadline(), (data) => ready.push(data)).then(() => ready);
  };
  return {
    store,
    session,
    outlet,
    owner,
    counters,
    onError,
    subscribe,
    /** Another client of the same gateway, with the same rights. */
    another: () => new ClientSession(granted, fakeOutlet(), parts, owner, null),
    /** Tickets whose leases a renewal would renew now. */
    held: async () => {
      const want = jest.spyOn(registry, 'want').mockClear();
      await interest.renew();
      const names = want.mock.calls.flatMap(([feed, caseIds]) => caseIds.map((caseId) => `${feed} ${caseId}`));
      want.mockRestore();
      return names;
    },
    /** Number of subscribed tickets, as the metric counts them. */
    counted: () => counted.mock.calls.reduce((sum, [tickets]) => sum + tickets, 0),
    contents: () => outlet.send.mock.calls.length + outlet.collect.mock.calls.length,
  };
}

/** Holds back arrivals on their way to the store until the test lets them pass (`go`) or refuses them. */
export function heldBack(store: TestStore) {
  const answers: { go(): void; refuse(): void }[] = [];
  const want = store.registry.want.bind(store.registry);
  jest.spyOn(store.registry, 'want').mockImplementation(async (...args) => {
    if (args[4] === 'arrival') {
      await new Promise<void>((resolve, reject) =>
        answers.push({ go: resolve, refuse: () => reject(new Error('out of reach')) }),
      );
    }
    return want(...args);
  });
  return answers;
}
