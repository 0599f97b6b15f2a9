import { Registry } from 'prom-client';
import { Hub, Interest, type Feed } from '#core';
import { DeliveryMetrics } from '#ops';
import type { ReadyData } from '#protocol';
import { Rights } from '../auth/rights.js';
import type { SubscriptionParameters } from '../edge/subscription-parameters.js';
import { fakeOutlet, rights } from '../../test/test-connections.js';
import { TestStore } from '../../test/test-store.js';
import { ClientSession } from './client-session.js';
import { DeliveryCounters } from './delivery-counters.js';
import { TickWrites } from './tick-writes.js';

const FEED: Feed = { language: 'zh-cn' };
const GROUP: Feed = { ...FEED, groupId: 'g' };
/** `MAX_CASES_PER_SUBSCRIPTION` */
const MAX_CASES = 3;

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** One session on a store in memory, which counts what is held for it. */
function fixture(granted = new Rights('alice', 1000, { cases: ['*'], groups: ['g'], hints: false })) {
  const store = new TestStore();
  const { broker, registry, queue, clock } = store;
  const hub = new Hub({ broker, wait: async () => undefined }, { historyMax: 10, tailMax: 10, idleMs: 0 });
  const interest = new Interest({ registry, queue, clock }, 0);
  const counters = new DeliveryCounters(new DeliveryMetrics(new Registry()));
  const onError = jest.fn();
  const owner = { ended: jest.fn() };
  const limits = { maxCases: MAX_CASES, maxUnsentBytes: 1000 };
  const outlet = fakeOutlet();
  const parts = { hub, interest, counters, writes: new TickWrites(), ...limits, onError };
  const session = new ClientSession(granted, outlet, parts, owner);
  const counted = jest.spyOn(counters, 'subscribed');
  const subscribe = (caseIds: readonly string[], feed = FEED, history = 0) => {
    const ready: ReadyData[] = [];
    const parameters: SubscriptionParameters = { feed, caseIds, from: { kind: 'start' }, history };
    return session.subscribe(parameters, (data) => ready.push(data)).then(() => ready);
  };
  return {
    store,
    session,
    outlet,
    owner,
    onError,
    subscribe,
    /** Tickets that would be leased again now: what is wanted of the store in the name of clients. */
    held: async () => {
      const want = jest.spyOn(registry, 'want').mockClear();
      await interest.renew();
      const names = want.mock.calls.flatMap(([feed, caseIds]) => caseIds.map((caseId) => `${feed} ${caseId}`));
      want.mockRestore();
      return names;
    },
    /** Tickets subscribed to, as the metric has it. */
    counted: () => counted.mock.calls.reduce((sum, [tickets]) => sum + tickets, 0),
    contents: () => outlet.send.mock.calls.length + outlet.publish.mock.calls.length,
  };
}

/** Lets arrivals wait on their way to the store until they are let go, or refused. */
function heldBack(store: TestStore) {
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

describe('ClientSession', () => {
  afterEach(() => void jest.restoreAllMocks());

  describe('holds nothing any more', () => {
    type Fixture = ReturnType<typeof fixture>;
    const refused = { name: 'Refusal', code: 'unavailable' };

    it.each<[string, (fixture: Fixture) => Promise<void>]>([
      [
        'after its tickets were unsubscribed',
        async ({ session, subscribe }) => {
          await subscribe(['a', 'b']);
          await session.unsubscribe({ feed: FEED, caseIds: ['b', 'never'] });
          await session.unsubscribe({ feed: FEED, caseIds: ['a', 'b'] });
        },
      ],
      [
        'after a subscription that was begun anew ended',
        async ({ session, subscribe }) => {
          await subscribe(['a', 'b']);
          await subscribe(['b', 'c']);
          await subscribe(['a', 'b', 'c']);
          session.end();
        },
      ],
      [
        'after it ended, of any feed',
        async ({ session, subscribe }) => {
          await subscribe(['a']);
          await subscribe(['a', 'b'], GROUP);
          session.end();
          session.end();
        },
      ],
      [
        'when its token has run out',
        async ({ session, subscribe }) => {
          await subscribe(['a']);
          session.check(1000);
        },
      ],
      [
        'when it was too slow',
        async ({ session, subscribe }) => {
          await subscribe(['a']);
          session.tooSlow();
        },
      ],
      [
        'that it may not read any more',
        async ({ session, subscribe }) => {
          await subscribe(['a', 'b']);
          await session.authenticate(new Rights('alice', 1000, { cases: ['x'], groups: [], hints: false }));
        },
      ],
      [
        'that it was refused',
        async ({ session, subscribe }) => {
          await expect(subscribe(['a', 'b', 'c', 'd'])).rejects.toMatchObject({ code: 'too_many' });
          await session.authenticate(new Rights('alice', 1000, { cases: [], groups: [], hints: false }));
          await expect(subscribe(['a'])).rejects.toMatchObject({ code: 'forbidden' });
        },
      ],
      [
        'where the store took no interest',
        async ({ store, subscribe }) => {
          jest.spyOn(store.registry, 'want').mockRejectedValueOnce(new Error('out of reach'));
          await expect(subscribe(['a', 'b'])).rejects.toMatchObject(refused);
        },
      ],
      [
        'where the store gave no history, not even of what was live before',
        async ({ store, subscribe }) => {
          await subscribe(['a']);
          jest.spyOn(store.broker, 'watch').mockRejectedValueOnce(new Error('out of reach'));
          await expect(subscribe(['a', 'b'])).rejects.toMatchObject(refused);
        },
      ],
      [
        'when its client left while interest was being acquired',
        async ({ store, session, subscribe }) => {
          const answers = heldBack(store);
          const subscribing = subscribe(['a', 'b']);
          await settled();
          session.end();
          await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
          answers.forEach(({ go }) => go());
          await settled();
        },
      ],
      [
        'when its client left while interest was being acquired that is refused then',
        async ({ store, session, subscribe }) => {
          const answers = heldBack(store);
          const subscribing = subscribe(['a', 'b']);
          await settled();
          session.end();
          await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
          answers.forEach(({ refuse }) => refuse());
          await settled();
        },
      ],
      [
        'when its client left while more of a feed was being acquired',
        async ({ store, session, subscribe }) => {
          await subscribe(['a']);
          const answers = heldBack(store);
          const subscribing = subscribe(['a', 'b']);
          await settled();
          session.end();
          await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
          answers.forEach(({ go }) => go());
          await settled();
        },
      ],
      [
        'when its client left while history was read',
        async ({ store, session, subscribe }) => {
          let goOn = () => {};
          const read = store.broker.history.bind(store.broker);
          jest.spyOn(store.broker, 'history').mockImplementation(async (...args) => {
            await new Promise<void>((resolve) => (goOn = resolve));
            return read(...args);
          });
          const subscribing = subscribe(['a', 'b']);
          await settled();
          session.end();
          await expect(subscribing).rejects.toMatchObject({ code: 'unavailable' });
          goOn();
          await settled();
        },
      ],
      [
        'of a request that was given up because it took too long',
        async ({ store, subscribe }) => {
          jest.useFakeTimers({ doNotFake: ['setImmediate'] });
          const answers = heldBack(store);
          const subscribing = expect(subscribe(['a', 'b'])).rejects.toMatchObject({ code: 'unavailable' });
          await jest.advanceTimersByTimeAsync(5000);
          await subscribing;
          jest.useRealTimers();
          answers.forEach(({ go }) => go());
          await settled();
        },
      ],
      [
        'of requests that waited for their turn when it ended',
        async ({ store, session, subscribe }) => {
          const answers = heldBack(store);
          const all = [subscribe(['a']), subscribe(['b']), subscribe(['c'], GROUP)];
          await settled();
          session.end();
          await Promise.all(all.map((each) => expect(each).rejects.toMatchObject({ code: 'unavailable' })));
          answers.forEach(({ go }) => go());
          await settled();
          expect(answers).toHaveLength(1);
        },
      ],
    ])('%s', async (_, happens) => {
      const made = fixture();
      await happens(made);
      expect(await made.held()).toEqual([]);
      expect(made.counted()).toBe(0);
      for (const caseId of ['a', 'b', 'c']) {
        await made.store.publish(caseId);
      }
      expect(made.contents()).toBe(0);
    });
  });

  it('holds a ticket once, however often it is subscribed to', async () => {
    const { subscribe, session, held, counted } = fixture();
    await subscribe(['a', 'b']);
    await subscribe(['b', 'c']);
    expect(await held()).toEqual(['zh-cn a', 'zh-cn b', 'zh-cn c']);
    expect(counted()).toBe(3);
    await session.unsubscribe({ feed: FEED, caseIds: ['b'] });
    expect(await held()).toEqual(['zh-cn a', 'zh-cn c']);
  });

  it('delivers nothing of a ticket that begins anew before its replay, which has all', async () => {
    const { store, subscribe, outlet } = fixture();
    await subscribe(['a']);
    const answers = heldBack(store);
    const again = subscribe(['a', 'b'], FEED, 10);
    await settled();
    jest.mocked(store.registry.want).mockRestore();
    await store.publish('a');
    expect([outlet.send.mock.calls.length, outlet.publish.mock.calls.length]).toEqual([0, 0]);
    answers.forEach(({ go }) => go());
    expect(await again).toMatchObject([{ replayed: 1 }]);
    expect([outlet.send.mock.calls.length, outlet.publish.mock.calls.length]).toEqual([0, 1]);
  });

  it('tells of a store that is out of reach, and is asked again later', async () => {
    const { store, subscribe, onError } = fixture();
    const broken = new Error('out of reach');
    jest.spyOn(store.registry, 'want').mockRejectedValueOnce(broken);
    await expect(subscribe(['a'])).rejects.toMatchObject({ code: 'unavailable', details: { retryMs: 2000 } });
    expect(onError).toHaveBeenCalledWith(broken);
    expect(await subscribe(['a'])).toMatchObject([{ case_ids: ['a'] }]);
  });

  describe('with other rights', () => {
    const renewed = (cases: readonly string[], groups: readonly string[], subject = 'alice') =>
      new Rights(subject, 2000, { cases, groups, hints: false });

    it('loses the tickets of a group that it may not use any more, and keeps the others', async () => {
      const { session, subscribe, outlet, held, store } = fixture();
      await subscribe(['a', 'b'], GROUP);
      await subscribe(['a']);
      await session.authenticate(renewed(['*'], []));
      const data = { case_ids: ['a', 'b'], group_id: 'g', reason: 'rights' };
      expect(outlet.notify.mock.calls).toEqual([[{ event: 'revoked', data }]]);
      expect(await held()).toEqual(['zh-cn a']);
      await store.publish('a');
      expect(outlet.send).toHaveBeenCalledTimes(1);
      await expect(subscribe(['a'], GROUP)).rejects.toMatchObject({ code: 'forbidden' });
    });

    it('loses the tickets that it may not read any more, of each feed', async () => {
      const { session, subscribe, outlet, held } = fixture();
      await subscribe(['a', 'b'], GROUP);
      await subscribe(['a', 'b']);
      await session.authenticate(renewed(['b'], ['g']));
      expect(outlet.notify.mock.calls.map(([{ data }]) => data)).toEqual([
        { case_ids: ['a'], group_id: 'g', reason: 'rights' },
        { case_ids: ['a'], reason: 'rights' },
      ]);
      expect(await held()).toEqual(['zh-cn/g b', 'zh-cn b']);
    });

    it('keeps what it has where they cover it, and lives as long as they do', async () => {
      const { session, subscribe, outlet, held } = fixture();
      await subscribe(['a'], GROUP);
      await session.authenticate(renewed(['a'], ['*']));
      expect(outlet.notify).not.toHaveBeenCalled();
      expect(await held()).toEqual(['zh-cn/g a']);
      session.check(1999);
      expect(outlet.close).not.toHaveBeenCalled();
      session.check(2000);
      expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'token_expired' }));
    });

    it('of another subject goes on as before', async () => {
      const { session, subscribe, outlet } = fixture();
      await expect(session.authenticate(renewed(['x'], [], 'bob'))).rejects.toMatchObject({ code: 'forbidden' });
      expect(await subscribe(['a'], GROUP)).toHaveLength(1);
      session.check(1000);
      expect(outlet.close).toHaveBeenCalledTimes(1);
    });
  });

  it('has at most ten full subscriptions, of all feeds together, and counts none twice', async () => {
    const { session, subscribe } = fixture(rights('alice'));
    for (let first = 0; first < 10 * MAX_CASES; first += MAX_CASES) {
      const caseIds = Array.from({ length: MAX_CASES }, (_, index) => `t${first + index}`);
      await subscribe(caseIds, { language: `l${String.fromCharCode(97 + first)}` });
    }
    await expect(subscribe(['one more'])).rejects.toMatchObject({ code: 'too_many' });
    expect(await subscribe(['t0'], { language: 'la' })).toHaveLength(1);
    await session.unsubscribe({ feed: { language: 'la' }, caseIds: ['t0'] });
    expect(await subscribe(['one more'])).toHaveLength(1);
  });

  it('is closed once, for the first reason', async () => {
    const { session, subscribe, outlet, owner } = fixture();
    await subscribe(['a']);
    session.tooSlow();
    session.close('draining');
    session.check(1000);
    expect(outlet.close.mock.calls).toEqual([[expect.objectContaining({ reason: 'slow_consumer' })]]);
    expect(owner.ended).toHaveBeenCalledTimes(1);
  });
});
