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
