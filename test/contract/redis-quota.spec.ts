import { randomUUID } from 'node:crypto';

import { feedKey, UNKNOWN_SHARE } from '#core';
import { connectRedis, Keys, RedisQuota, type RedisClient } from '#redis';

import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const FEED = feedKey({ language: 'en-us' });
const START = 1_750_000_000_000;
/** Turns are given out this much slower than the quota. */
const SLACK = 1.05;
/** After a 429 the pace grows for this long, ms. */
const RAMP_MS = 12_000;

/** The quota in a real Redis. The test moves the time. */
describe('RedisQuota', () => {
  let server: RedisServer;
  let keys: Keys;
  let clients: RedisClient[];
  let commands: RedisClient;
  let now: number;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(() => {
    keys = new Keys(`test-${randomUUID()}`);
    clients = [];
    commands = connect();
    now = START;
  });
  afterEach(() => clients.forEach((client) => client.disconnect()));

  function connect(): RedisClient {
    const client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'impatient', () => undefined);
    clients.push(client);
    return client;
  }

  const worker = (maxRps: number) => new RedisQuota(commands, keys, maxRps);
  const ask = (quota: RedisQuota, set: number, rank = now, isUnknown = false) =>
    quota.turn({ ref: { feed: FEED, id: set }, rank, now, isUnknown });

  it('forgets the times of unknown sets that ask no more: clients may invent any number', async () => {
    const quota = worker(20);
    for (let set = 0; set < 30; set += 1) await ask(quota, set, now, true);
    const kept = () => commands.zcard(keys.quota[3]);
    expect(await kept()).toBeGreaterThan(20);
    now += 60_000;
    await ask(quota, 30, now, true);
    expect(await kept()).toBeLessThanOrEqual(1);
  });

  /**
   * Lets sets ask for `ms` milliseconds, each again at the time that it was told.
   *
   * @param unknown from this set on, they are of tickets that the upstream may not know
   * @returns when which set got a turn
   */
  async function turns(
    quota: RedisQuota,
    ms: number,
    sets = 1,
    unknown = sets,
  ): Promise<{ at: number; set: number }[]> {
    const given: { at: number; set: number }[] = [];
    const next = new Map(Array.from({ length: sets }, (_, set) => [set, now]));
    const dueSince = new Map(next);
    const end = now + ms;
    for (;;) {
      const [set, at] = [...next].reduce((one, other) => (other[1] < one[1] ? other : one));
      if (at >= end) break;
      now = Math.max(now, at);
      const wait = await ask(quota, set, dueSince.get(set), set >= unknown);
      if (wait === 0) {
        given.push({ at: now - (end - ms), set });
        dueSince.set(set, now);
      }
      next.set(set, now + Math.max(wait, 1));
    }
    now = end;
    return given;
  }

  const within = (given: readonly { at: number }[], from: number, to: number) =>
    given.filter(({ at }) => at >= from && at < to).length;

  it('costs nothing while there is no limit and no 429', async () => {
    const quota = worker(0);
    const asked = jest.spyOn(commands as never, 'pollcast_quota' as never);
    expect([await ask(quota, 1), await ask(quota, 1)]).toEqual([0, 0]);
    expect(await commands.exists(...keys.quota)).toBe(0);
    expect(asked).not.toHaveBeenCalled();
  });

  it('gives turns evenly spaced, no more than the limit in any second', async () => {
    const given = await turns(worker(20), 3000, 5);
    // A set that asks an unused quota may be late by one turn, so two turns are given at first.
    const gaps = given.slice(2).map(({ at }, index) => at - (given[index + 1]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(Math.floor((1000 * SLACK) / 20));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(60);
    expect(within(given, 0, 1000)).toBeGreaterThanOrEqual(18);
    expect(within(given, 1000, 2000)).toBeLessThanOrEqual(20);
  });

  it('gives the next turn to the set that has been due longest', async () => {
    const quota = worker(2);
    expect(await ask(quota, 1, START)).toBe(0);
    now += 1;
    await ask(quota, 2, START + 30);
    await ask(quota, 3, START + 10);
    await ask(quota, 4, START + 20);
    const order: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      now += 525;
      for (const [set, rank] of [
        [2, 30],
        [3, 10],
        [4, 20],
      ] as const) {
        if (!order.includes(set) && (await ask(quota, set, START + rank)) === 0) order.push(set);
      }
    }
    expect(order).toEqual([3, 4, 2]);
  });

  it('gives a quarter of the turns to polls of tickets that the upstream may not know, however many wait', async () => {
    const quota = worker(20);
    // Three sets would take every turn that they get, and 200 sets of a stranger, due before them, too.
    const given = await turns(quota, 10_000, 203, 3);
    const honest = given.filter(({ set }) => set < 3);
    const others = given.filter(({ set }) => set >= 3);
    expect(others.length).toBeLessThanOrEqual(10 * 20 * UNKNOWN_SHARE);
    expect(others.length).toBeGreaterThanOrEqual((10 * 20 * UNKNOWN_SHARE) / SLACK - 2);
    expect(honest.length).toBeGreaterThanOrEqual(10 * 20 * (1 - UNKNOWN_SHARE) * 0.9);
    // Each comes in its turn, and once.
    expect(new Set(others.map(({ set }) => set)).size).toBe(others.length);
    const gaps = honest.slice(1).map(({ at }, index) => at - (honest[index]?.at ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(220);
  });

  it('does not wait for a set that does not ask any more', async () => {
    const quota = worker(2);
    await ask(quota, 1, START);
    await ask(quota, 1, START);
    now += 1;
    expect(await ask(quota, 2, START)).toBeGreaterThan(0); // This set has the best rank, and ends.
    expect(await ask(quota, 3, START + 1)).toBeGreaterThan(0);
    now += 4600;
    expect(await ask(quota, 3, START + 1)).toBe(0);
  });

  it.each([0, 100])('gives no turn before the time that the upstream named: limit %d', async (limit) => {
    const quota = worker(limit);
    await quota.throttled(START + 5000);
    now = START + 1;
    expect(await ask(quota, 1)).toBe(4999);
    now = START + 4999.4;
    expect(await ask(quota, 1)).toBe(1);
    now = START + 5000;
    expect(await ask(quota, 1)).toBe(0);
  });

  it.each([
    [0, [2, 4, 8, 16]],
    [100, [2, 4, 8, 16]],
    [6, [2, 4, 6, 6]],
  ])('lets the pace come back slowly after a 429: limit %d', async (limit, paces) => {
    const quota = worker(limit);
    await quota.throttled(START);
    const given = await turns(quota, 4000);
    paces.forEach((pace, second) => {
      const count = within(given, second * 1000, (second + 1) * 1000);
      // It doubles within each second, too, up to the limit.
      expect(count).toBeGreaterThanOrEqual(Math.floor(pace / SLACK));
      expect(count).toBeLessThanOrEqual(limit === 6 ? 6 : 2 * pace);
    });
  });

  it('has only its own limit when the pace is back', async () => {
    const [limited, unlimited] = [worker(20), worker(0)];
    await limited.throttled(START);
    await unlimited.throttled(START);
    now = START + RAMP_MS;
    expect(await ask(unlimited, 1)).toBe(0);
    expect(await ask(unlimited, 2)).toBe(0);
    expect(within(await turns(limited, 1000, 5), 0, 1000)).toBeGreaterThanOrEqual(18);
  });

  it('asks for turns for as long as the pace is slow, although there is no limit', async () => {
    const quota = worker(0);
    await quota.throttled(START);
    now = START + RAMP_MS - 11_000;
    expect([await ask(quota, 1), await ask(quota, 2)]).toEqual([0, expect.any(Number)]);
    expect(await ask(quota, 2)).toBeGreaterThan(0);
  });

  it('is known to the other workers at once, and to workers that start later', async () => {
    const [told, hears] = [worker(0), worker(0)];
    await hears.listen(connect());
    await told.throttled(START + 5000);
    await until(async () => (await ask(hears, 1)) > 0, 2000, 'the other worker to hear of it');
    const late = worker(0);
    expect(await ask(late, 1)).toBe(0);
    await late.listen(connect());
    expect(await ask(late, 1)).toBe(5000);
  });

  it('is not shortened by a 429 that names an earlier time', async () => {
    const quota = worker(0);
    await quota.throttled(START + 5000);
    await quota.throttled(START + 1000);
    now = START + 5000 + RAMP_MS - 1;
    const asked = jest.spyOn(commands as never, 'pollcast_quota' as never);
    await ask(quota, 1);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('leaves keys that end an hour after their last use, and no others', async () => {
    const quota = worker(2);
    await quota.throttled(START - RAMP_MS);
    const ttls = async () => {
      const left = await Promise.all(keys.quota.map((key) => commands.ttl(key)));
      return left.map((seconds) => (seconds > 3590 ? 'an hour' : seconds));
    };
    expect(await ttls()).toEqual(['an hour', -2, -2, -2, -2]);
    await commands.pexpire(keys.quota[0], 60_000);
    expect(await ask(quota, 1)).toBe(0);
    expect(await ttls()).toEqual(['an hour', -2, -2, -2, -2]);
    await ask(quota, 1);
    expect(await ask(quota, 2)).toBeGreaterThan(0);
    expect(await ttls()).toEqual(['an hour', 'an hour', 'an hour', -2, -2]);
    expect(await ask(quota, 4, now, true)).toBeGreaterThan(0);
    expect(await ttls()).toEqual(['an hour', 'an hour', 'an hour', 'an hour', -2]);
    await Promise.all(keys.quota.map((key) => commands.pexpire(key, 60_000)));
    await ask(quota, 3);
    expect((await ttls()).slice(1, 3)).toEqual(['an hour', 'an hour']);
  });
});
