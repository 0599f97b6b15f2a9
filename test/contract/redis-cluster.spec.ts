import { setTimeout as sleep } from 'node:timers/promises';

import { type DueSet, type FeedKey, NOT_POLLED_AFTER_MS, PollingWatch } from '#core';
import {
  BullPollQueue,
  connectRedis,
  FeedLook,
  LostJobs,
  RedisConnectionCounts,
  RedisRevocations,
  Survey,
} from '#redis';
import { message, RecordingListener, StoreDriver, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisCluster } from '../harness/processes/redis-cluster.js';
import { until } from '../harness/until.js';

/** Long enough for a command that is not held back, ms. */
const PROMPT_MS = 300;
/** Longest time until a gateway hears of something, ms. */
const HEARD_MS = 5000;
/** How often the slot of a feed is moved. */
const MOVES = 6;

describe('a Redis Cluster whose slots move', () => {
  let cluster: RedisCluster;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let slot: number;
  let listener: RecordingListener;
  let errors: string[];

  beforeAll(async () => void (cluster = await RedisCluster.start()));
  afterAll(() => cluster.dispose());
  beforeEach(async () => {
    errors = [];
    fixture = await redisStoreFixture(cluster.url, USUAL_LIMITS, ({ message }) => errors.push(message));
    driver = new StoreDriver(fixture);
    slot = await cluster.slotOf(fixture.keys.base(driver.feed));
    listener = new RecordingListener();
    fixture.brokers[0].listen(listener);
  });
  afterEach(() => fixture.dispose());

  const heard = () => listener.publications.map((one) => (one.kind === 'message' ? one.message : one.status));
  const publish = async (content: string, ...caseIds: string[]) => {
    const [ref] = await driver.fixture.registry.overdue(driver.feed, driver.now + 60_000);
    if (ref === undefined) throw new Error('there is no set');
    await driver.publish(ref, ...caseIds.map((caseId) => message(caseId, content)));
  };
  /** Whether a promise is still pending after a while. */
  const waits = async (promise: Promise<unknown>) =>
    Promise.race([promise.then(() => false), sleep(PROMPT_MS).then(() => true)]);

  it('keeps a gateway subscribed at the node that owns the slot, however often it moves', async () => {
    await driver.want('a');
    await publish('first', 'a');
    await fixture.brokers[0].watch(driver.feed, ['a']);
    const channel = fixture.keys.publicationChannel(driver.feed, 'a');
    const count = async () => {
      const { admin } = await cluster.masterOf(slot);
      const [, subscribers] = (await admin.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
      return subscribers;
    };
    expect(await count()).toBe(1);
    for (let move = 1; move <= MOVES; move += 1) {
      const { interruptions } = listener;
      await cluster.move(slot, await cluster.other(slot));
      await until(() => listener.interruptions > interruptions, HEARD_MS, 'the interruption to be told');
      await fixture.brokers[0].history(driver.feed, [{ caseId: 'a', atLeast: 1, after: null }], null);
      expect(await count()).toBe(1);
      await publish(`after move ${move}`, 'a');
    }
    await until(() => listener.publications.length >= MOVES, HEARD_MS, 'what was published');
    expect(heard()).toEqual(Array.from({ length: MOVES }, (_, at) => `{"content":"after move ${at + 1}"}`));
  });

  it('notices that a node has dropped its channels and owns the slot again', async () => {
    await driver.want('a');
    await fixture.brokers[0].watch(driver.feed, ['a']);
    const { admin } = await cluster.masterOf(slot);
    await admin
      .multi([
        ['cluster', 'DELSLOTS', String(slot)],
        ['cluster', 'ADDSLOTS', String(slot)],
      ])
      .exec();
    await until(() => listener.interruptions > 0, HEARD_MS, 'the interruption to be told');
    await fixture.brokers[0].history(driver.feed, [{ caseId: 'a', atLeast: 1, after: null }], null);
    await publish('after', 'a');
    await until(() => listener.publications.length > 0, HEARD_MS, 'what was published');
    expect(heard()).toEqual(['{"content":"after"}']);
    expect(errors).toEqual(['a node of the cluster counts 1 channels, not 4']);
  });

  it('holds back polls, commits, interest and histories while a slot is open, and then loses and doubles nothing', async () => {
    const ref = await driver.wantOneSet('a', 'b');
    await driver.publish(ref, message('a', 'before'), message('b', 'before'));
    const set = await driver.begin(ref);
    const asked: Promise<unknown>[] = [];
    let isFirst = true;
    await cluster.move(slot, await cluster.other(slot), {
      at: async (state) => {
        if (state !== 'moving' || !isFirst) return;
        isFirst = false;
        asked.push(
          driver.commit(set, [message('a', 'during'), message('b', 'during')]),
          driver.want('new'),
          fixture.registry.hint(driver.feed, ['a'], driver.now),
          fixture.registry.sweep(driver.feed, driver.now),
          driver.ask(ref, 'another worker'),
          // It fails: the node drops the channel on which it waits.
          driver.history('a', 'new').catch(() => null),
        );
        expect(await Promise.all(asked.map(waits))).toEqual(asked.map(() => true));
      },
    });
    const [committed] = await Promise.all(asked);
    expect(committed).toMatchObject({ kind: 'committed', published: 2 });
    const again = await driver.commit(set, [message('a', 'during'), message('b', 'during')]);
    expect(again).toEqual({ kind: 'conflict' });
    for (const caseId of ['a', 'b']) {
      expect(await driver.contents(caseId)).toEqual(['{"content":"before"}', '{"content":"during"}']);
    }
  });

  it('tells that a feed whose slot stays open is not polled, wherever its keys are, and that it is polled again', async () => {
    await driver.want('a');
    const told: boolean[] = [];
    const feeds = {
      awaitedFeeds: () => [driver.feed],
      pollingChanged: (_feed: FeedKey, since: number | null) => told.push(since !== null),
    };
    let ahead = 0;
    const watch = new PollingWatch(feeds, fixture.registry, { now: () => driver.now + ahead });
    await watch.check();
    expect(told).toEqual([]);
    await cluster.move(slot, await cluster.other(slot), {
      keysAtOnce: 1,
      at: async () => {
        ahead = 2 * NOT_POLLED_AFTER_MS;
        await watch.check(); // It waits for no script.
        expect(told).toEqual([true]);
      },
    });
    await publish('after', 'a');
    ahead = 0;
    await watch.check();
    expect(told).toEqual([true, false]);
  });

  it('looks at feeds in many slots', async () => {
    const others = Array.from({ length: 30 }, () => new StoreDriver(fixture));
    await Promise.all(others.map((other) => other.want('a')));
    const look = new FeedLook(fixture.commands, fixture.keys, { upstreamMaxCaseIds: USUAL_LIMITS.maxCaseIds });
    const looks = await look.atAll(others.map(({ feed }) => feed));
    expect(looks.map(([, found]) => 'needs' in found && found.needs.dueAt !== null)).toEqual(Array(30).fill(true));
  });

  it('makes the lost jobs of feeds in many slots again, and takes none for lost while the slot of the queue is open', async () => {
    const { commands, keys, clock } = fixture;
    const sets: DueSet[] = [];
    for (let at = 0; at < 10; at += 1) {
      const one = new StoreDriver(fixture);
      const ref = await one.wantOneSet('a');
      await one.publish(ref);
      sets.push({ ref, at: clock.now() + 60_000 });
    }
    const bull = connectRedis({ redisUrl: cluster.url, redisPrefix: '' }, 'patient', ({ message }) =>
      errors.push(message),
    );
    const queue = new BullPollQueue(bull, keys, clock, ({ message }) => errors.push(message));
    const jobs = new LostJobs(commands, keys, queue);
    expect(await jobs.makeAgain(sets, clock.now())).toBe(sets.length);
    expect([await queue.counts(), await queue.isSampleWhole()]).toEqual([{ all: sets.length, waiting: 0 }, true]);
    const queueSlot = await cluster.slotOf(keys.queuePrefix);
    const asked: Promise<number>[] = [];
    await cluster.move(queueSlot, await cluster.other(queueSlot), {
      keysAtOnce: 1,
      at: async (state) => {
        if (state !== 'moving' || asked.length > 0) return;
        asked.push(jobs.makeAgain(sets, clock.now()));
        expect(await waits(asked[0] as Promise<number>)).toBe(true);
      },
    });
    expect(await Promise.all(asked)).toEqual([0]);
    expect((await queue.counts()).all).toBe(sets.length);
    await queue.close();
    bull.disconnect();
  });

  it('counts connections over gateways, until the lease of a gateway has ended', async () => {
    const { commands, subscriber, keys, clock } = fixture;
    const [here, there] = [0, 1].map(() => new RedisConnectionCounts({ commands, subscriber, keys, clock }));
    const heardBy: string[] = [];
    await here?.renew();
    await there?.renew();
    await there?.listen((...full) => heardBy.push(full.join(' ')));
    for (const subject of ['alice', 'bob', 'carol']) {
      expect(await here?.add(subject, 0, 1)).toBe(true);
      expect(await there?.add(subject, 0, 1)).toBe(false);
      await there?.tellFull(subject, 'phone');
      await here?.tellFull(subject, 'phone');
    }
    await until(() => heardBy.length === 3, HEARD_MS, 'what the other gateway told');
    expect(heardBy.sort()).toEqual(['alice phone', 'bob phone', 'carol phone']);
    clock.advance(3001);
    expect(await there?.add('alice', 0, 1)).toBe(true);
  });

  it('tells all processes of revocations and of questions, whichever node they are subscribed at', async () => {
    const { commands, subscriber, keys, clock } = fixture;
    clock.advance(Date.now() - clock.now());
    const [here, there] = [0, 1].map(() => new RedisRevocations({ commands, subscriber, keys, clock }));
    const heard: string[] = [];
    await there?.listen((texts) => heard.push(...texts));
    expect(await here?.write([{ id: 'a', text: 'revoked' }], 10, clock.now() + 60_000)).toBe(true);
    await until(() => heard.length === 1, HEARD_MS, 'what the other gateway told');
    expect(await there?.all()).toEqual([{ id: 'a', text: 'revoked' }]);
    const surveys = ['g1', 'g2'].map((process) => {
      const participant = { role: 'gateway' as const, process, answer: () => ({ from: process }) };
      return new Survey({ commands, subscriber, keys }, participant, (error) => errors.push(String(error)));
    });
    await Promise.all(surveys.map((survey) => survey.listen()));
    const asked = await surveys[0]?.ask({ kind: 'who' });
    expect(asked?.answers.map(({ process }) => process)).toEqual(['g1', 'g2']);
    expect(asked?.silent).toBeNull();
    expect(errors).toEqual([]);
  });
});
