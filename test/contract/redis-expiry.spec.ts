import type { RedisClient } from '#redis';
import { INTEREST_MS, message, status, StoreDriver, USUAL_LIMITS } from '#testing';

import { HISTORY_TTL_S, redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

const TTL_MS = HISTORY_TTL_S * 1000;
const HISTORY_MAX = 5;
/** Redis's answer to TTL for a key without an expiry. */
const NEVER = -1;

/**
 * When each key expires (the table in libs/redis/src/keys.ts). A key that is kept for too long is a leak; one that ends
 * too early is a loss.
 */
describe('keys of Redis', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let commands: RedisClient;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, { ...USUAL_LIMITS, historyMax: HISTORY_MAX });
    driver = new StoreDriver(fixture);
    ({ commands } = fixture);
  });
  afterEach(async () => {
    await commands.flushall();
    await fixture.dispose();
  });

  /** All keys of the feed without its prefix, and their remaining seconds, rounded. */
  async function ends(): Promise<Record<string, number>> {
    const base = fixture.keys.base(driver.feed);
    const keys = (await commands.keys('*')).filter((key) => key.startsWith(base)).sort();
    const found = keys.map(async (key) => {
      const left = await commands.pttl(key);
      return [key.slice(base.length), left < 0 ? left : Math.round(left / 1000)] as const;
    });
    return Object.fromEntries(await Promise.all(found));
  }

  /** Expires keys, as if time had passed. */
  async function expire(...keys: string[]): Promise<void> {
    expect(await commands.del(...keys.map((key) => fixture.keys.base(driver.feed) + key))).toBe(keys.length);
  }

  const sweep = () => fixture.registry.sweep(driver.feed, driver.now);
  const SET = { 'set:1': NEVER, sizes: NEVER, due: NEVER };
  const WANTED = { feed: NEVER, interest: NEVER, place: NEVER, ...SET };
  const KNOWN = { 'ticket:a': NEVER, 'delivered:a': NEVER };

  it('are kept while a ticket is wanted, except those of publications', async () => {
    const ref = await driver.wantOneSet('a');
    expect(await ends()).toEqual({ ...WANTED, 'ticket:a': NEVER });
    await driver.publish(ref, message('a', '1'), status('a', 1));
    const published = { 'history:a': HISTORY_TTL_S, ages: 2 * HISTORY_TTL_S };
    expect(await ends()).toEqual({ ...WANTED, ...KNOWN, ...published });
    await driver.fail(ref);
    await driver.fail(ref);
    expect(await ends()).toEqual({ ...WANTED, ...KNOWN, ...published, failing: NEVER });
  });

  it('of published messages are kept longer with each new one', async () => {
    const ref = await driver.wantOneSet('a');
    await driver.publish(ref, message('a', '1'));
    await commands.pexpire(`${fixture.keys.base(driver.feed)}history:a`, 5000);
    fixture.clock.advance(TTL_MS / 2);
    await driver.want('a');
    await driver.publish(ref, message('a', '2'));
    expect(await ends()).toMatchObject({ 'history:a': HISTORY_TTL_S, ages: 2 * HISTORY_TTL_S });
  });

  it('hold a bounded number of samples of offsets, for twice the time that history is kept', async () => {
    const ref = await driver.wantOneSet('a');
    const samples = async () => Number(await commands.zcard(`${fixture.keys.base(driver.feed)}ages`));
    for (let at = 1; at <= 160; at += 1) {
      fixture.clock.advance(TTL_MS / 50);
      await driver.publish(ref, message('a', String(at)));
      expect(await samples()).toBeLessThanOrEqual(2 * 24 + 1);
    }
    expect(await samples()).toBeGreaterThan(24);
  });

  it('end when nobody wants the ticket any more: at once, or when its history ends', async () => {
    await driver.publish(await driver.wantOneSet('a'), message('a', '1'));
    fixture.clock.advance(INTEREST_MS);
    expect(await sweep()).toBe(1);
    const history = { 'ticket:a': HISTORY_TTL_S, 'delivered:a': HISTORY_TTL_S, 'history:a': HISTORY_TTL_S };
    expect(await ends()).toEqual({ ...history, ages: 2 * HISTORY_TTL_S, feed: 2 * HISTORY_TTL_S });
  });

  it('of a quarantined ticket end when nobody wants it any more', async () => {
    const ref = await driver.wantOneSet('a');
    const { fence } = await driver.begin(ref);
    await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection: null, quarantined: ['a'] });
    expect(await ends()).toEqual({ feed: NEVER, interest: NEVER, apart: NEVER, 'ticket:a': NEVER });
    fixture.clock.advance(INTEREST_MS);
    await sweep();
    fixture.clock.advance(60_000);
    await sweep();
    expect(await ends()).toEqual({ feed: 2 * HISTORY_TTL_S, 'ticket:a': HISTORY_TTL_S });
  });

  it('are kept again when somebody wants the ticket again', async () => {
    await driver.publish(await driver.wantOneSet('a'), message('a', '1'));
    fixture.clock.advance(INTEREST_MS);
    await sweep();
    const ref = await driver.wantOneSet('a');
    expect(ref.id).toBe(2);
    const again = { ...WANTED, ...KNOWN, 'set:2': NEVER };
    const { 'set:1': _, ...wanted } = again;
    expect(await ends()).toEqual({ ...wanted, 'history:a': HISTORY_TTL_S, ages: 2 * HISTORY_TTL_S });
  });

  it('of a feed that was only read end', async () => {
    await driver.history('a');
    expect(await ends()).toEqual({ feed: 2 * HISTORY_TTL_S });
    await commands.flushall();
    await fixture.brokers[0].page(driver.feed, { caseId: 'a', after: null, limit: 1 });
    expect(await ends()).toEqual({ feed: 2 * HISTORY_TTL_S });
  });

  describe('that ended', () => {
    const read = (after: number) =>
      fixture.brokers[0]
        .history(driver.feed, [{ caseId: 'a', atLeast: 0, after }], null)
        .then(({ tickets }) => tickets[0]);
    /** Whether a page after an offset says that something is gone. */
    const isTruncated = async (offset: number) => {
      const { epoch } = await driver.history('a');
      const want = { caseId: 'a', after: { epoch, offset }, limit: 1 };
      return (await fixture.brokers[0].page(driver.feed, want)).truncated;
    };

    it('leave a ticket without its history, which is told as a loss', async () => {
      const ref = await driver.wantOneSet('a');
      await driver.publish(ref, message('a', '1'), message('a', '2'), message('a', '3'));
      await expire('history:a');
      const ended = { caseId: 'a', publications: [], completeAfter: 3, exhausted: true, readStatus: null };
      expect([await read(1), await read(3)]).toEqual([ended, ended]);
      expect([await isTruncated(1), await isTruncated(3)]).toEqual([true, false]);
    });

    it('leave it without its history also after a new publication', async () => {
      const ref = await driver.wantOneSet('a');
      await driver.publish(ref, message('a', '1'), message('a', '2'), message('a', '3'));
      await expire('history:a');
      await driver.publish(ref, message('a', '4'));
      const one = await read(1);
      expect([one?.publications.map(({ offset }) => offset), one?.completeAfter, one?.exhausted]).toEqual([
        [4],
        3,
        true,
      ]);
      expect([await isTruncated(1), await isTruncated(3), await isTruncated(4)]).toEqual([true, false, false]);
      await driver.publish(ref, message('a', '5'));
      expect(await read(3)).toMatchObject({
        publications: [{ offset: 4, previous: 3 }, { offset: 5 }],
        completeAfter: 3,
      });
    });

    it('leave a ticket of which nothing is known: its past is not known to be whole', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      await driver.publish(ref, message('a', '1'), message('b', '2'));
      fixture.clock.advance(INTEREST_MS);
      await sweep();
      await expire('history:a', 'ticket:a', 'delivered:a');
      fixture.clock.advance(TTL_MS + 1);
      await driver.want('a');
      expect((await read(1))?.completeAfter).toBe(2);
      expect([await isTruncated(1), await isTruncated(2)]).toEqual([true, false]);
    });

    it('leave positions of a ticket that mean nothing any more: pages that go back are not told to end there', async () => {
      const isKnown = async (offset: number) => {
        const { epoch } = await driver.history('b');
        const want = { caseId: 'a', before: { epoch, offset }, limit: 1 };
        return (await fixture.brokers[0].pageBefore(driver.feed, want)).known;
      };
      const found = ['1', '2', '3'].map((content) => message('a', content));
      await driver.publish(await driver.wantOneSet('a', 'b'), ...found, message('b', '4'));
      fixture.clock.advance(INTEREST_MS);
      await sweep();
      expect([await isKnown(2), await isKnown(4)]).toEqual([true, true]);
      await expire('history:a', 'ticket:a', 'delivered:a');
      fixture.clock.advance(TTL_MS + 1);
      await driver.publish(await driver.wantOneSet('b'), message('b', '5'));
      expect([await isKnown(2), await isKnown(4), await isKnown(5)]).toEqual([false, true, true]);
      // Somebody follows it again, and its first poll publishes all of it anew.
      const ref = await driver.wantOneSet('a');
      expect(await isKnown(2)).toBe(false);
      expect(await driver.publish(ref, ...found)).toMatchObject({ published: 3 });
      expect([await isKnown(2), await isKnown(4), await isKnown(7), await isKnown(8)]).toEqual([
        false,
        true,
        true,
        true,
      ]);
    });
  });
});
