import type { FeedKey } from '#core';
import { FeedLook, FeedVisits } from '#redis';
import { INTEREST_MS, message, StoreDriver, USUAL_LIMITS } from '#testing';

import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

const MINUTE_MS = 60_000;

/** When feeds are visited by workers, in a real Redis. reconciler.spec.ts tests what a visit does. */
describe('visits of feeds', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let workers: readonly [FeedVisits, FeedVisits];

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, USUAL_LIMITS);
    driver = new StoreDriver(fixture);
    const { commands, keys } = fixture;
    workers = [new FeedVisits(commands, keys), new FeedVisits(commands, keys)];
  });
  afterEach(() => fixture.dispose());

  const claimAt = async (inMs: number, worker = workers[0]) => (await worker.claim(driver.now + inMs)).feeds;
  const look = () => new FeedLook(fixture.commands, fixture.keys, { upstreamMaxCaseIds: USUAL_LIMITS.maxCaseIds });
  const needs = () => look().at(driver.feed);

  it('begin three seconds after a new set was due: the job may never have been made', async () => {
    await driver.want('a');
    expect([await claimAt(2999), await claimAt(3000)]).toEqual([[], [driver.feed]]);
  });

  it('gives each feed to one worker, and to another one when that worker has died', async () => {
    const others = Array.from({ length: 300 }, () => new StoreDriver(fixture));
    await Promise.all(others.map((other) => other.want('a')));
    const [first, second] = await Promise.all([claimAt(3000), claimAt(3000, workers[1])]);
    expect([first.length, second.length]).toEqual([250, 50]);
    expect(new Set([...first, ...second])).toEqual(new Set(others.map((other) => other.feed)));
    expect([await claimAt(12_999), (await claimAt(13_000)).length]).toEqual([[], 250]);
  });

  it('are made when the last visit said', async () => {
    await driver.want('a');
    const claim = await workers[0].claim(driver.now + 3000);
    await workers[0].settle(claim, [[driver.feed, driver.now + 20_000]], driver.now);
    expect([await claimAt(19_999), await claimAt(20_000)]).toEqual([[], [driver.feed]]);
  });

  it('come as soon as they must to a feed that is wanted during its visit', async () => {
    await driver.want('a');
    const claim = await workers[0].claim(driver.now + 3000);
    fixture.clock.advance(3000);
    await fixture.registry.want(
      driver.feed,
      Array.from({ length: 101 }, (_, at) => `t${at}`),
      driver.now,
      driver.now + INTEREST_MS,
      'arrival',
    );
    await workers[0].settle(claim, [[driver.feed, driver.now + 20_000]], driver.now);
    expect([await claimAt(2999), await claimAt(3000)]).toEqual([[], [driver.feed]]);
  });

  it('find a feed again whose visit was lost, and one that an earlier version listed', async () => {
    await driver.want('a');
    await fixture.commands.del(fixture.keys.visits);
    await workers[1].walk(driver.now);
    expect(await claimAt(0)).toEqual([driver.feed]);
  });

  it('are never later than a minute from now, whatever is written there', async () => {
    await driver.want('a');
    await fixture.commands.zadd(fixture.keys.visits, driver.now * 2, driver.feed);
    await workers[0].walk(driver.now);
    expect([await claimAt(MINUTE_MS - 1), await claimAt(MINUTE_MS)]).toEqual([[], [driver.feed]]);
  });

  it('walk through more feeds than one step reads', async () => {
    const feeds = Array.from({ length: 1200 }, (_, at) => `zh-cn/${at}`);
    await fixture.commands.zadd(fixture.keys.feeds, ...feeds.flatMap((feed) => [driver.now, feed]));
    for (let step = 0; step < 4; step += 1) {
      await workers[0].walk(driver.now);
    }
    expect(await fixture.commands.zcard(fixture.keys.visits)).toBe(1200);
  });

  describe('of all feeds at once', () => {
    let others: StoreDriver[];
    /** More feeds than one step reads. */
    const FEEDS = 1200;
    beforeEach(async () => {
      others = [new StoreDriver(fixture), new StoreDriver(fixture)];
      await Promise.all(others.map((other) => other.want('a')));
      const { commands, keys } = fixture;
      const feeds = Array.from({ length: FEEDS }, (_, at) => `zh-cn/${at}`);
      await commands.zadd(keys.feeds, ...feeds.flatMap((feed) => [driver.now, feed]));
      const [first] = others;
      await commands.zadd(keys.visits, driver.now - 1, String(first?.feed));
    });
    const claimAll = async (inMs: number) => {
      const [feeds, thorough] = [new Set<FeedKey>(), new Set<FeedKey>()];
      for (let claim; (claim = await workers[0].claim(driver.now + inMs)).feeds.length > 0;) {
        claim.feeds.forEach((feed) => feeds.add(feed));
        claim.thorough.forEach((feed) => thorough.add(feed));
      }
      return [feeds.size, thorough.size];
    };

    it('are thorough, each once, and begin at once', async () => {
      expect(await workers[0].visitAll(driver.now, driver.now)).toBe(true);
      expect(await workers[0].count()).toBe(FEEDS + 2);
      expect(await claimAll(0)).toEqual([FEEDS + 2, FEEDS + 2]);
      expect(await claimAll(9999)).toEqual([0, 0]);
    });

    it('stay thorough when the worker that claimed them dies, and after they were settled others are not', async () => {
      await workers[0].visitAll(driver.now, driver.now);
      const { feeds: died } = await workers[0].claim(driver.now);
      const claim = await workers[1].claim(driver.now);
      const next = claim.feeds.map((feed) => [feed, driver.now + 5000] as const);
      await workers[1].settle(claim, next, driver.now);
      const again = await workers[1].claim(driver.now + 5000);
      expect([again.feeds.length, again.thorough.size]).toEqual([250, 250]);
      const settled = await Promise.all(next.map(([feed]) => fixture.commands.zscore(fixture.keys.visits, feed)));
      expect(new Set(settled)).toEqual(new Set([String(driver.now + 5000)]));
      const later = await claimAll(10_001);
      expect(later[1]).toBe(FEEDS + 2 - 500);
      expect(died).toHaveLength(250);
    });

    it('are brought about by one worker for all, at most every ten seconds', async () => {
      const seenAt = driver.now;
      expect(await workers[0].visitAll(seenAt, seenAt + 500)).toBe(true);
      await claimAll(500);
      expect(await workers[1].visitAll(seenAt + 499, seenAt + 600)).toBe(true);
      expect(await workers[1].visitAll(seenAt + 501, seenAt + 600)).toBe(false);
      expect(await claimAll(600)).toEqual([0, 0]);
      const endsIn = await fixture.commands.pttl(fixture.keys.visitsOfAll);
      expect(endsIn).toBeGreaterThan(0);
      expect(endsIn).toBeLessThanOrEqual(10_000);
    });
  });

  it.each([
    ['renewal', true],
    ['arrival', false],
  ] as const)(
    'are listed in the round trip of a renewal, and before the tickets of a client that comes: %s',
    async (reason, together) => {
      await driver.want('a');
      const { commands, keys, registry } = fixture;
      const until = driver.now + 2 * INTEREST_MS;
      const { zadd } = commands;
      let list = () => {};
      const held = new Promise<void>((resolve) => (list = resolve));
      const listing = jest.spyOn(commands, 'zadd').mockImplementation(async (...args: Parameters<typeof zadd>) => {
        await held;
        return zadd.apply(commands, args);
      });
      const wanting = registry.want(driver.feed, ['a'], driver.now, until, reason);
      await commands.ping();
      expect(await commands.zscore(`${keys.base(driver.feed)}interest`, 'a')).toBe(
        String(together ? until : driver.now + INTEREST_MS),
      );
      list();
      await wanting;
      listing.mockRestore();
      expect(await commands.zscore(keys.feeds, driver.feed)).toBe(String(until));
      expect(await commands.zscore(`${keys.base(driver.feed)}interest`, 'a')).toBe(String(until));
    },
  );

  it('know all sets of a feed, and when each is due', async () => {
    await driver.want(...Array.from({ length: USUAL_LIMITS.maxCaseIds * 2 + 1 }, (_, at) => `t${at}`));
    const sets = await look().setsOf(driver.feed);
    expect(sets.map(({ ref }) => ref.id).sort()).toEqual([1, 2, 3]);
    expect(sets.every(({ ref, at }) => ref.feed === driver.feed && at >= driver.now)).toBe(true);
  });

  it('end a minute after the last lease of a feed, with its place in the list', async () => {
    await driver.want('a');
    fixture.clock.advance(INTEREST_MS);
    await fixture.registry.sweep(driver.feed, driver.now);
    const { commands, keys } = fixture;
    const end = async () => {
      const claim = await workers[0].claim(driver.now);
      await workers[0].settle(claim, [[driver.feed, null]], driver.now);
      return [claim.feeds.length, await commands.zcard(keys.feeds), await commands.zcard(keys.visits)];
    };
    expect(await end()).toEqual([1, 1, 1]);
    fixture.clock.advance(MINUTE_MS + 1);
    expect(await end()).toEqual([1, 0, 0]);
  });

  it('know when a set is due, when a lease ends, and when a quarantine does', async () => {
    const ref = await driver.wantOneSet('a', 'b');
    const leaseEndsAt = driver.now + INTEREST_MS;
    const whole = { leaseEndsAt, isDamaged: false, hasUntoldLosses: false, isThin: false };
    expect(await needs()).toEqual({ ...whole, dueAt: driver.now, retryAt: null });
    const { dueAt } = await driver.publish(ref, message('a', 'x'));
    const { fence } = await driver.begin(ref);
    await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection: null, quarantined: ['a'] });
    expect(await needs()).toEqual({ ...whole, dueAt, retryAt: driver.now + MINUTE_MS });
    fixture.clock.advance(MINUTE_MS);
    await driver.want('a', 'b');
    await fixture.registry.sweep(driver.feed, driver.now);
    expect((await needs()).retryAt).toBeNull();
  });

  it.each(['interest', 'place', 'sizes', 'due'])('notice that a key is lost: %s', async (name) => {
    await driver.want('a');
    await fixture.commands.del(fixture.keys.base(driver.feed) + name);
    expect((await needs()).isDamaged).toBe(true);
    await fixture.registry.sweep(driver.feed, driver.now);
    expect(await needs()).toMatchObject({ isDamaged: false, hasUntoldLosses: false });
  });

  it('know nothing of a feed of which nothing is left', async () => {
    const nothing = { dueAt: null, leaseEndsAt: null, retryAt: null, isDamaged: false };
    expect(await needs()).toEqual({ ...nothing, hasUntoldLosses: false, isThin: false });
  });

  it('share a look with others, and a feed with a broken key harms none of them', async () => {
    const others = Array.from({ length: 60 }, () => new StoreDriver(fixture));
    await Promise.all(others.map((other, at) => other.want(...['a', 'b', 'c'].slice(0, 1 + (at % 3)))));
    const feeds = others.map(({ feed }) => feed);
    const broken = feeds[30] as FeedKey;
    await fixture.commands.del(`${fixture.keys.base(broken)}sizes`);
    await fixture.commands.set(`${fixture.keys.base(broken)}sizes`, 'text');
    const looks = await look().atAll(feeds);
    expect(looks.map(([feed]) => feed)).toEqual(feeds);
    const failed = looks.filter(([, found]) => 'error' in found);
    expect(failed).toEqual([
      [broken, { error: expect.objectContaining({ message: expect.stringContaining('WRONGTYPE') }) }],
    ]);
    const alone = await Promise.all(feeds.filter((feed) => feed !== broken).map((feed) => look().at(feed)));
    expect(looks.flatMap(([, found]) => ('needs' in found ? [found.needs] : []))).toEqual(alone);
  });
});
