import { createHash } from 'node:crypto';

import type { MessageClass, MessageIdentity } from '#core';
import type { RedisClient } from '#redis';
import { INTEREST_MS, message, StoreDriver, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

/** Up to so many names are in a sorted set (libs/redis/src/lua/_names.lua). A message has two. */
const LISTED_MAX = 128;
/** Most messages of one commit here. */
const AT_ONCE = 2000;

const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
/** Messages of ticket `a` with names as long as those of a worker. @param form what the upstream may change of them */
const messages = (from: number, to: number, form = '') =>
  Array.from({ length: to - from }, (_, at) =>
    message('a', digest(`${form}${from + at}`).slice(0, 22), 1, digest(`class ${from + at}`).slice(0, 12)),
  );

/** What is kept of the messages of a ticket that has many. */
describe('the names of many delivered messages', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let commands: RedisClient;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, { ...USUAL_LIMITS, historyMax: 5 });
    driver = new StoreDriver(fixture);
    ({ commands } = fixture);
  });
  afterEach(() => fixture.dispose());

  const key = (name: string) => fixture.keys.base(driver.feed) + name;

  /** Publishes messages, some thousand at once. @returns how many were new */
  async function publish(from: number, to: number, form = ''): Promise<number> {
    let published = 0;
    for (let first = from; first < to; first += AT_ONCE) {
      const [ref] = await sets();
      const committed = await driver.publish(ref, ...messages(first, Math.min(to, first + AT_ONCE), form));
      published += committed.published;
    }
    return published;
  }

  const sets = async () => {
    await driver.want('a');
    return [{ feed: driver.feed, id: Number(await commands.hget(key('place'), 'a')) }] as const;
  };

  /** Bytes of Redis that a ticket takes beside its history. */
  async function bytes(): Promise<number> {
    const taken = ['ticket:a', 'delivered:a'].map((name) => commands.memory('USAGE', key(name), 'SAMPLES', 0));
    return (await Promise.all(taken)).reduce<number>((sum, each) => sum + (each ?? 0), 0);
  }

  it('take few bytes each, also where there are more than fit into a list', async () => {
    const perName: number[] = [];
    const counts = [LISTED_MAX / 2, LISTED_MAX / 2 + 1, 300, 1000, 5000];
    let from = 0;
    for (const to of counts) {
      expect(await publish(from, to)).toBe(to - from);
      perName.push((await bytes()) / (2 * to));
      from = to;
    }
    expect(Math.max(...perName)).toBeLessThan(45);
    expect(perName.at(-1)).toBeLessThan(25);
  });

  it('are all known: nothing is told again, in whatever form it comes', async () => {
    await publish(0, 2500);
    expect([await publish(0, 2500), await publish(0, 2500, 'another form')]).toEqual([0, 0]);
    expect(await publish(2490, 2510, 'another form')).toBe(10);
    expect(await publish(0, 2510)).toBe(0);
  });

  it('are known with the offset of each', async () => {
    await publish(0, 300);
    const names = messages(0, 301).map(({ identity }) => ({ identity, class: null }));
    const { offsets } = await fixture.brokers[0].deliveredAt(driver.feed, 'a', names);
    expect(offsets).toEqual([...Array.from({ length: 300 }, (_, at) => at + 1), null]);
    const rewritten = { identity: 'X.1' as MessageIdentity, class: messages(7, 8)[0]?.class as MessageClass };
    expect(await fixture.brokers[0].deliveredAt(driver.feed, 'a', [rewritten])).toMatchObject({ offsets: [8] });
  });

  it('are known when the ticket is wanted again, and end with it', async () => {
    await publish(0, 300);
    fixture.clock.advance(INTEREST_MS);
    await fixture.registry.sweep(driver.feed, driver.now);
    expect(await commands.pttl(key('ticket:a'))).toBeGreaterThan(0);
    expect(await publish(0, 301)).toBe(1);
    expect(await commands.pttl(key('ticket:a'))).toBe(-1);
  });

  it('are bounded: the oldest are forgotten', async () => {
    await publish(0, 16_000);
    expect(await bytes()).toBeLessThan(450_000);
    expect(await publish(7_000, 16_000)).toBe(0);
    expect(await publish(0, 1_000)).toBeGreaterThan(500);
  });

  describe('that the release before has put into a sorted set', () => {
    const put = (from: number, to: number) =>
      commands.zadd(
        key('delivered:a'),
        ...messages(from, to).flatMap(({ identity, class: name }) => [1, identity, 1, `~${name}.1`]),
      );

    it('are known, and are moved step by step', async () => {
      await sets();
      await put(0, 2500);
      await commands.hset(key('ticket:a'), 'messages', '1');
      const listed: number[] = [];
      for (const first of [0, 1, 2]) {
        expect(await publish(0, 2501 + first)).toBe(1);
        listed.push(await commands.zcard(key('delivered:a')));
      }
      expect(listed).toEqual([3002, 1002, 0]);
      expect([await publish(0, 2503), await publish(0, 2503, 'another form')]).toEqual([0, 0]);
    });

    it('are known beside those that are in the hash of the ticket', async () => {
      await publish(0, 200);
      await put(190, 210);
      expect([await publish(0, 210), await publish(0, 211)]).toEqual([0, 1]);
      expect(await commands.exists(key('delivered:a'))).toBe(0);
      expect([await publish(0, 211), await publish(0, 211, 'another form')]).toEqual([0, 0]);
    });
  });

  it('are read from history by the release before, because it finds no sorted set', async () => {
    await fixture.dispose();
    fixture = await redisStoreFixture(server.url, { ...USUAL_LIMITS, historyMax: 1000 });
    driver = new StoreDriver(fixture);
    ({ commands } = fixture);
    await publish(0, 200);
    expect(await commands.exists(key('delivered:a'))).toBe(0);
    const [first] = await commands.xrange(key('history:a'), '-', '+', 'COUNT', 1);
    const [one] = messages(0, 1);
    expect(first?.[1].slice(2)).toEqual(['i', one?.identity, 'c', one?.class]);
    expect(first?.[1][1]?.split(' ')[3]).toBe('0');
  });
});
