import { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';

import {
  connectRedis,
  Keys,
  OperatorActions,
  OperatorReads,
  Survey,
  type Participant,
  type Question,
  type RedisClient,
} from '#redis';
import { message, StoreDriver, USUAL_LIMITS } from '#testing';

import { DeclaredKeys } from '../fixtures/declared-keys.js';
import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

/** What operators read and change, in a real Redis. */
describe('operators', () => {
  let server: RedisServer;
  let monitor: Redis;
  let declaredKeys: DeclaredKeys;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let reads: OperatorReads;
  let actions: OperatorActions;
  beforeAll(async () => {
    server = await RedisServer.start();
    monitor = new Redis(server.url);
    declaredKeys = await DeclaredKeys.watch(monitor);
    fixture = await redisStoreFixture(server.url, USUAL_LIMITS);
    reads = new OperatorReads(fixture.commands, fixture.keys);
    actions = new OperatorActions(fixture.commands, fixture.keys, { historyMaxEvents: 20, historyTtlS: 3600 });
  });
  beforeEach(() => void (driver = new StoreDriver(fixture)));
  afterAll(async () => {
    declaredKeys.stop();
    monitor.disconnect();
    await fixture.dispose();
    await server.dispose();
    expect([...declaredKeys.faults]).toEqual([]);
  });

  it('read where a ticket is, who has its set, and when it is due', async () => {
    const ref = await driver.wantOneSet('a', 'b');
    await driver.publish(ref, message('a', 'secret'));
    const facts = await reads.ticket(driver.feed, 'a');
    expect(facts).toMatchObject({
      wantedUntil: driver.now + 30_000,
      set: { set: ref.id, members: 2, joining: 0, dueAt: driver.now + 1000, answeredAt: driver.now, error: null },
      quarantine: null,
      lastPublication: { kind: 'message', seenAt: 2000 },
      pausedAt: null,
    });
    expect(JSON.stringify(facts)).not.toContain('secret');
    await driver.begin(ref, 'worker-1');
    expect((await reads.ticket(driver.feed, 'a')).set).toMatchObject({
      owner: 'worker-1',
      leaseUntil: driver.now + 10_000,
    });
    expect(await reads.feedsOf('b', 5)).toEqual([driver.feed]);
    expect(await reads.feedsOf('unknown', 5)).toEqual([]);
  });

  it('read why the newest poll failed, also after it works again', async () => {
    const ref = await driver.wantOneSet('a');
    const failedAt = driver.now;
    await driver.fail(ref);
    const set = async () => (await reads.ticket(driver.feed, 'a')).set;
    expect(await set()).toMatchObject({ failures: 1, error: { reason: 'upstream_timeout', at: failedAt } });
    fixture.clock.advance(1000);
    await driver.publish(ref);
    expect(await set()).toMatchObject({ failures: 0, error: { at: failedAt }, answeredAt: driver.now });
  });

  it('read the sets of a feed part by part, the one that is due first at the front', async () => {
    const tickets = Array.from({ length: 250 }, (_, at) => `t${at}`);
    await driver.want(...tickets);
    const all = await reads.sets(driver.feed, 0, 100);
    expect(all.reduce((sum, { joining }) => sum + joining, 0)).toBe(250);
    const parts = [await reads.sets(driver.feed, 0, 2), await reads.sets(driver.feed, 2, 2)].flat();
    expect(parts.map(({ set }) => set)).toEqual(all.map(({ set }) => set));
    expect(await reads.feed(driver.feed)).toMatchObject({ sets: 3, tickets: 250, quarantined: 0, failing: 0 });
    expect(await reads.feedNames()).toContain(driver.feed);
  });

  it('pause a feed: no set of it is taken or reserved until it goes on', async () => {
    const ref = await driver.wantOneSet('a');
    const { fence } = await driver.begin(ref);
    expect(await actions.pause(driver.feed, driver.now)).toBe(true);
    const due = { active: driver.now + 1000, idle: driver.now + 1000 };
    const reserve = { kind: 'reserve' as const, leaseMs: 6000 };
    expect(await driver.commit({ ref, fence }, [], { due, lease: reserve })).toMatchObject({ reserved: false });
    expect(await driver.ask(ref, 'worker')).toEqual({ kind: 'busy', until: driver.now + 2000 });
    const pausedAt = driver.now;
    fixture.clock.advance(1);
    await actions.pause(driver.feed, driver.now);
    expect(await reads.feed(driver.feed)).toMatchObject({ pausedAt });
    expect(await actions.pause(driver.feed, null)).toBe(true);
    expect((await driver.ask(ref, 'worker')).kind).toBe('begun');
  });

  it('pause no feed that is not there', async () => {
    expect(await actions.pause(driver.feed, driver.now)).toBe(false);
    expect(await fixture.commands.exists(`${fixture.keys.base(driver.feed)}feed`)).toBe(0);
  });

  it('release a quarantined ticket: it gets a set that is due, and is not released twice', async () => {
    const ref = await driver.wantOneSet('a', 'b');
    await driver.publish(ref);
    const { fence } = await driver.begin(ref);
    const step = { bisection: null, quarantined: ['b'], retry: undefined } as never;
    await fixture.store.recordBisection({ ref, fence, now: driver.now, ...(step as object) } as never);
    expect(await reads.ticket(driver.feed, 'b')).toMatchObject({
      set: null,
      quarantine: { until: driver.now + 60_000, refusals: 1 },
    });
    expect(await actions.release(driver.feed, 'a', driver.now)).toEqual({ kind: 'none' });
    const released = await actions.release(driver.feed, 'b', driver.now);
    expect(released).toMatchObject({ kind: 'released', due: { at: driver.now } });
    expect((await reads.ticket(driver.feed, 'b')).set).toMatchObject({ joining: 1, dueAt: driver.now });
    expect(await actions.release(driver.feed, 'b', driver.now)).toEqual({ kind: 'polled' });
    const again = released.kind === 'released' ? released.due.ref : ref;
    const { fence: next } = await driver.begin(again);
    await fixture.store.recordBisection({ ref: again, fence: next, now: driver.now, ...(step as object) } as never);
    // Released, it begins anew with the shortest wait.
    expect(await reads.ticket(driver.feed, 'b')).toMatchObject({
      quarantine: { until: driver.now + 60_000, refusals: 1 },
    });
  });

  it('read as many quarantined tickets as they ask for, the one that is asked for next at the front', async () => {
    const ref = await driver.wantOneSet('a', 'b', 'c');
    for (const caseId of ['b', 'a']) {
      const { fence } = await driver.begin(ref);
      await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection: null, quarantined: [caseId] });
      fixture.clock.advance(1);
    }
    const found = async (count: number) =>
      (await reads.quarantined(driver.feed, count)).map(({ caseId, refusals }) => [caseId, refusals]);
    expect([await found(1), await found(9)]).toEqual([
      [['b', 1]],
      [
        ['b', 1],
        ['a', 1],
      ],
    ]);
  });

  it('read when the upstream gave the cursor that is the furthest, and when it was asked last', async () => {
    const ref = await driver.wantOneSet('a');
    const set = await driver.begin(ref);
    const cursor = async (samples: [number, string][]) => {
      const cursorHistory = { head: '1781524870803', polledAt: 5000, samples };
      const learned = { cursorHistory, answerDigest: null, order: 'oldest_first' as const };
      await driver.commit(await driver.begin(ref), [], { backfilled: set.joining, learned });
      return (await reads.ticket(driver.feed, 'a')).set?.cursor;
    };
    expect(await cursor([])).toEqual({ givenAt: 5000, polledAt: 5000 });
    expect(
      await cursor([
        [1000, '1781524870801'],
        [4000, '1781524870803'],
      ]),
    ).toEqual({ givenAt: 4000, polledAt: 5000 });
  });

  it('find as many feeds of a ticket as they look for, and no more', async () => {
    const others = [new StoreDriver(fixture), new StoreDriver(fixture)] as const;
    for (const each of others) await each.want('everywhere');
    const found = others.map(({ feed }) => feed).sort();
    expect(await reads.feedsOf('everywhere', 5)).toEqual(found);
    expect(await reads.feedsOf('everywhere', 1)).toEqual(found.slice(0, 1));
  });

  describe('ask all processes', () => {
    const who: Question = { kind: 'who' };
    const clients: RedisClient[] = [];
    afterAll(() => clients.forEach((client) => client.disconnect()));
    const survey = (participant: Participant, failures: unknown[] = []) => {
      const { commands, keys } = fixture;
      const subscriber = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined);
      clients.push(subscriber);
      return new Survey({ commands, subscriber, keys }, participant, (error) => failures.push(error));
    };
    const named = (role: 'gateway' | 'worker', process: string, answer: Participant['answer']) => ({
      role,
      process,
      answer,
    });

    it('ask a bounded number of questions at once, and any number one after the other', async () => {
      const { feed } = driver;
      const subscriber = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined);
      clients.push(subscriber);
      const { commands } = fixture;
      const parts = { commands, subscriber, keys: new Keys(feed) };
      const one = new Survey(
        parts,
        named('worker', 'a', () => ({})),
        () => undefined,
      );
      await one.listen();
      const asked = Array.from({ length: 100 }, () => one.ask(who));
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      await expect(one.ask(who)).rejects.toThrow('100 questions wait');
      await Promise.all(asked);
      expect((await one.ask(who)).answers).toHaveLength(1);
    });

    it('begin to listen again where Redis refused it', async () => {
      const subscriber = new EventEmitter();
      const subscribe = jest.fn<Promise<number>, string[]>().mockRejectedValueOnce(new Error('NOPERM'));
      subscribe.mockResolvedValue(2);
      const { commands, keys } = fixture;
      const parts = { commands, subscriber: Object.assign(subscriber, { subscribe }) as unknown as RedisClient, keys };
      const one = new Survey(
        parts,
        named('worker', 'a', () => null),
        () => undefined,
      );
      await expect(one.listen()).rejects.toThrow('NOPERM');
      await one.listen();
      await one.listen();
      expect(subscribe).toHaveBeenCalledTimes(2);
    });

    it('hear from each, and how many do not answer', async () => {
      const failures: unknown[] = [];
      const all = [
        survey(named('gateway', 'g', () => ({ own: 1 }))),
        survey(named('worker', 'b', (question) => (question.kind === 'who' ? { sets: 2 } : null))),
        survey(
          named('worker', 'a', () => {
            throw new Error('stands still');
          }),
          failures,
        ),
      ] as const;
      await Promise.all(all.map((one) => one.listen()));
      const answers = [
        { role: 'worker', process: 'b', answer: { sets: 2 } },
        { role: 'gateway', process: 'g', answer: { own: 1 } },
      ];
      const startedAt = performance.now();
      expect(await all[0].ask(who)).toEqual({ answers, silent: 1 });
      expect(performance.now() - startedAt).toBeLessThan(3000);
      expect(failures).toHaveLength(1);
      expect(await all[1].ask({ kind: 'clients', caseId: 'a' })).toEqual({ answers: answers.slice(1), silent: 1 });
    });
  });
});
