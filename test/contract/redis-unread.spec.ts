import { feedKey, unreadTopic } from '#core';
import { RedisUnreadStore } from '#redis';
import { RecordingListener } from '#testing';
import { HISTORY_TTL_S, redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const FEED = feedKey({ language: 'en-us' });
const LIMITS = { historyMax: 3, maxCaseIds: 100, intervalMs: 1000 };
const BOUNDS = { historyMaxEvents: 3, historyTtlS: 3600, upstreamMaxCaseIds: 100, pollIntervalMs: 1000 };

/** Unread counts in a real Redis. The test moves the time. */
describe('RedisUnreadStore', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let store: RedisUnreadStore;
  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, LIMITS);
    store = new RedisUnreadStore(fixture.commands, fixture.keys, fixture.clock, BOUNDS);
  });
  afterEach(() => fixture.dispose());

  const counts = (...pairs: readonly (readonly [string, number])[]) =>
    pairs.map(([caseId, unreadNum]) => ({ caseId, unreadNum, status: 1 }));
  const publish = (...pairs: readonly (readonly [string, number])[]) =>
    store.publish(FEED, counts(...pairs), fixture.clock.now());
  const history = async (
    caseId: string,
    after: Parameters<(typeof fixture.brokers)[0]['history']>[1][0]['after'] = null,
  ) => fixture.brokers[0].history(FEED, [{ caseId: unreadTopic(caseId), atLeast: 10, after }], null);

  it('R15: publishes a count when it becomes known, and when it changes', async () => {
    expect(await publish(['a', 2], ['b', 0])).toBe(2);
    expect(await publish(['a', 2], ['b', 1])).toBe(1);
    expect(await publish()).toBe(0);
    const { tickets, offset } = await history('b');
    expect(offset).toBe(3);
    expect(tickets[0]?.publications.map(({ offset: at, ...rest }) => [at, rest])).toMatchObject([
      [2, { kind: 'unread', unreadNum: 0, status: 1 }],
      [3, { kind: 'unread', unreadNum: 1, status: 1 }],
    ]);
  });

  it('R15: tells gateways, in the numbering of the feed', async () => {
    const listener = new RecordingListener();
    const [broker] = fixture.brokers;
    broker.listen(listener);
    await broker.watch(FEED, [unreadTopic('a')]);
    await publish(['a', 1]);
    await publish(['a', 4]);
    await listener.until(() => listener.publications.length === 2);
    expect(listener.publications).toMatchObject([{ unreadNum: 1 }, { unreadNum: 4 }]);
  });

  it('R15: takes nothing from the history of tickets that are wanted later, as the first publication of a feed', async () => {
    await publish(['a', 2], ['b', 0]);
    const { tickets } = await fixture.brokers[0].history(FEED, [{ caseId: 'a', atLeast: 10, after: null }], null);
    expect(tickets[0]).toMatchObject({ completeAfter: 0, publications: [] });
  });

  it('R15: keeps the last counts only, as many as history keeps events', async () => {
    for (let count = 1; count <= 5; count += 1) await publish(['a', count]);
    const { tickets } = await history('a');
    expect(tickets[0]?.publications.map(({ offset }) => offset)).toEqual([3, 4, 5]);
    expect(tickets[0]).toMatchObject({ completeAfter: 2 });
  });

  it('R15: reads a count of a ticket whose status the upstream does not say', async () => {
    const unsaid = [{ caseId: 'a', unreadNum: 3, status: null }];
    expect(await store.publish(FEED, unsaid, fixture.clock.now())).toBe(1);
    expect(await store.publish(FEED, unsaid, fixture.clock.now())).toBe(0);
    expect((await history('a')).tickets[0]?.publications).toMatchObject([{ unreadNum: 3, status: null }]);
  });

  it('keeps leases for twice as long as the longest of them lasts, at most', async () => {
    await store.want(FEED, ['a'], fixture.clock.now() + 60_000);
    const left = await fixture.commands.pttl(fixture.keys.unread(FEED));
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(120_000);
  });

  it('R15: leaves nothing in Redis for longer than history is kept', async () => {
    await publish(['a', 1]);
    const base = fixture.keys.base(FEED);
    const leftS = async (name: string) => Math.round((await fixture.commands.pttl(base + name)) / 1000);
    const topic = unreadTopic('a');
    const left = [await leftS(`ticket:${topic}`), await leftS(`history:${topic}`), await leftS('feed')];
    expect(left).toEqual([HISTORY_TTL_S, HISTORY_TTL_S, 2 * HISTORY_TTL_S]);
  });

  it('R15: begins the history of a count anew where the feed counts from the beginning again', async () => {
    for (const count of [1, 2, 3]) await publish(['a', count]);
    const base = fixture.keys.base(FEED);
    await fixture.commands.del(`${base}feed`, `${base}ages`);
    expect(await publish(['a', 4])).toBe(1);
    const { offset, tickets } = await history('a');
    expect(offset).toBe(1);
    expect(tickets[0]).toMatchObject({ completeAfter: 0, publications: [{ offset: 1, previous: 0, unreadNum: 4 }] });
  });

  it('R15: tells all counts again when the store has lost its data', async () => {
    await publish(['a', 2]);
    const before = await history('a');
    await fixture.commands.flushall();
    expect(await publish(['a', 2])).toBe(1);
    const after = await history('a');
    expect([after.epoch === before.epoch, after.tickets[0]?.publications.length]).toEqual([false, 1]);
  });

  it('lets one worker ask at a time, and the next one when the first has died', async () => {
    const claims = await Promise.all(['one', 'two', 'three'].map((owner) => store.claim(FEED, owner, 100)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    await until(() => store.claim(FEED, 'two', 60_000));
    expect(await store.claim(FEED, 'three', 60_000)).toBe(false);
    await store.settle(FEED, 1);
    await until(() => store.claim(FEED, 'three', 60_000));
  });

  it('forgets what nobody wants any more', async () => {
    const { clock } = fixture;
    const now = clock.now();
    await store.want(FEED, ['a', 'b'], now + 3000);
    await store.want(FEED, ['a'], now + 9000);
    await store.want(FEED, ['a'], now + 1000); // A lease is never shortened.
    expect([await store.feeds(now), (await store.wanted(FEED, now)).sort()]).toEqual([[FEED], ['a', 'b']]);
    expect(await store.wanted(FEED, now + 5000)).toEqual(['a']);
    expect([await store.feeds(now + 9001), await store.wanted(FEED, now + 9001)]).toEqual([[], []]);
  });
});
