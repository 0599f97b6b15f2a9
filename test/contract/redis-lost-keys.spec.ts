import { RESERVATIONS_SUSPENDED_MS } from '#core';
import { OperatorActions, RedisInterestRegistry, type RedisClient } from '#redis';
import { INTEREST_MS, message, status, StoreDriver, text, USUAL_LIMITS } from '#testing';

import { FeedSnapshot } from '../harness/feed-snapshot.js';
import { HISTORY_TTL_S, redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';

const HISTORY_MAX = 5;
const SET_MAX = 2;

/** What exactly becomes of a feed of which one key is lost. lost-keys.spec.ts tries every kind in traffic. */
describe('a feed of which a key is lost', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;
  let driver: StoreDriver;
  let commands: RedisClient;
  let registry: RedisInterestRegistry;
  let losses: number;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    fixture = await redisStoreFixture(server.url, { ...USUAL_LIMITS, maxCaseIds: SET_MAX, historyMax: HISTORY_MAX });
    driver = new StoreDriver(fixture);
    ({ commands } = fixture);
    losses = 0;
    const bounds = { historyMaxEvents: HISTORY_MAX, historyTtlS: HISTORY_TTL_S, upstreamMaxCaseIds: SET_MAX };
    const onLost = (_: string, times: number) => void (losses += times);
    registry = new RedisInterestRegistry(commands, fixture.keys, { ...bounds, pollIntervalMs: 1000 }, onLost);
  });
  afterEach(async () => {
    await commands.flushall();
    await fixture.dispose();
  });

  const lose = async (name: string) => expect(await commands.del(fixture.keys.base(driver.feed) + name)).toBe(1);
  const sweep = () => registry.sweep(driver.feed, driver.now);
  const faults = async () => (await FeedSnapshot.read(commands, fixture.keys.base(driver.feed))).faults(SET_MAX);
  /** What a client that has everything up to an offset is told. */
  const since = async (offset: number) => {
    const wants = [{ caseId: 'a', atLeast: 0, after: offset }];
    const { tickets } = await fixture.brokers[1].history(driver.feed, wants, null);
    const { publications = [], completeAfter = 0 } = tickets[0] ?? {};
    return {
      isGap: completeAfter > offset,
      had: publications.map((one) => (one.kind === 'message' ? one.message : one.status)),
    };
  };

  it.each(['interest', 'place', 'sizes', 'due', 'set:1'])(
    'is in order after one sweep, and counts a loss: %s',
    async (name) => {
      await driver.want('a', 'b', 'c');
      await driver.publish({ feed: driver.feed, id: 1 }, message('a', '1'));
      expect(await faults()).toEqual([]);
      await lose(name);
      expect(await faults()).not.toEqual([]);
      await sweep();
      expect([await faults(), losses]).toEqual([[], 1]);
      await sweep();
      expect(losses).toBe(1);
      fixture.clock.advance(INTEREST_MS + 1);
      // Whatever was lost, a ticket that nobody wants any more leaves.
      expect(await sweep()).toBe(3);
    },
  );

  it.each(['place', 'set:1'])(
    'gives no ticket a second set to a client that comes before the sweep: %s',
    async (name) => {
      await driver.want('a', 'b', 'c');
      await lose(name);
      await driver.want('a', 'b', 'c');
      expect(await faults()).toEqual([]);
    },
  );

  it('polls a lost set at once, and takes no result of a poll from before', async () => {
    await driver.want('a', 'b');
    const ref = { feed: driver.feed, id: 1 };
    await driver.publish(ref, message('a', '1'));
    const set = await driver.begin(ref);
    await lose('set:1');
    fixture.clock.advance(1);
    expect(await driver.commit(set, [message('a', '2')])).toEqual({ kind: 'conflict' });
    expect((await driver.begin(ref)).joining.toSorted()).toEqual(['a', 'b']);
    await driver.publish(ref, message('a', '1'), message('a', '2'));
    expect(await driver.contents('a')).toEqual([text('1'), text('2')]);
  });

  it('publishes a message of a ticket whose place is lost', async () => {
    const ref = await driver.wantOneSet('a');
    await lose('place');
    expect(await driver.publish(ref, message('a', '1'))).toMatchObject({ published: 1 });
  });

  describe('delivered', () => {
    it('is read from history: nothing is told again', async () => {
      const ref = await driver.wantOneSet('a');
      await driver.publish(ref, message('a', '1'), status('a', 1), message('a', '2'));
      await lose('delivered:a');
      expect(await driver.publish(ref, message('a', '1'), message('a', '2'), message('a', '3'))).toMatchObject({
        published: 1,
      });
      expect(await since(3)).toEqual({ isGap: false, had: [text('3')] });
    });

    it('is told as a gap before messages come again, if history is not whole', async () => {
      const ref = await driver.wantOneSet('a');
      const contents = ['1', '2', '3', '4', '5', '6', '7'];
      await driver.publish(ref, ...contents.map((content) => message('a', content)));
      expect(await since(7)).toEqual({ isGap: false, had: [] });
      await lose('delivered:a');
      // What history still has is not told again, and nothing is told untruly.
      expect(await driver.publish(ref, message('a', '6'))).toMatchObject({ published: 0 });
      expect(await since(7)).toEqual({ isGap: false, had: [] });
      expect(await driver.publish(ref, message('a', '1'), message('a', '7'))).toMatchObject({ published: 1 });
      expect(await since(7)).toEqual({ isGap: true, had: [text('1')] });
      // It is told once.
      const { offset } = await driver.history('a');
      await driver.publish(ref, message('a', '8'));
      expect(await since(offset)).toEqual({ isGap: false, had: [text('8')] });
    });
  });

  it('knows of a lost ticket what its history says, and promises no more', async () => {
    const ref = await driver.wantOneSet('a');
    await driver.publish(
      ref,
      status('a', 1),
      ...['1', '2', '3', '4', '5', '6'].map((content) => message('a', content)),
    );
    await lose('ticket:a');
    expect(await since(1)).toMatchObject({ isGap: true });
    expect(await since(2)).toMatchObject({ isGap: false });
    // A poll writes again what is known of it, also if it finds nothing new.
    expect(await driver.publish(ref, message('a', '6'))).toMatchObject({ published: 0 });
    expect(await since(1)).toMatchObject({ isGap: true });
    expect(await since(2)).toMatchObject({ isGap: false });
    await driver.publish(ref, message('a', '7'));
    expect(await since(2)).toMatchObject({ isGap: true });
    expect((await since(7)).had).toEqual([text('7')]);
  });

  it('tells a status once, though its ticket was lost', async () => {
    const ref = await driver.wantOneSet('a');
    await driver.publish(ref, status('a', 1));
    await lose('ticket:a');
    expect(await driver.publish(ref, status('a', 1))).toMatchObject({ published: 0 });
    await driver.publish(ref, status('a', 0));
    await lose('ticket:a');
    expect(await driver.publish(ref, status('a', 0))).toMatchObject({ published: 0 });
    expect(await driver.contents('a')).toEqual(['status 1', 'status 0']);
  });

  it('tells that it is well again, though the set that failed was lost', async () => {
    const ref = await driver.wantOneSet('a');
    await driver.fail(ref);
    await driver.fail(ref);
    await lose('set:1');
    await sweep();
    await driver.publish(ref);
    expect((await driver.history('a')).upstream.state).toBe('ok');
  });

  it('takes a ticket off one of two sets that have it, and no result of a poll of that one', async () => {
    await driver.want('a', 'b');
    await driver.want('c');
    const base = fixture.keys.base(driver.feed);
    await commands.hset(`${base}set:2`, 'joining', 'c\na');
    await commands.zincrby(`${base}sizes`, 1, '2');
    const polled = [await driver.begin({ feed: driver.feed, id: 1 }), await driver.begin({ feed: driver.feed, id: 2 })];
    await sweep();
    expect([await faults(), losses]).toEqual([[], 1]);
    const kinds = await Promise.all(polled.map(async (set) => (await driver.commit(set, [])).kind));
    expect(kinds.sort()).toEqual(['committed', 'conflict']);
  });

  it('gives a lost interest the longest lease that a gateway has asked for', async () => {
    const want = (caseId: string, ms: number) =>
      registry.want(driver.feed, [caseId], driver.now, driver.now + ms, 'arrival');
    await want('a', 60_000);
    await want('b', 1000);
    await lose('interest');
    await sweep();
    const until = await Promise.all(
      ['a', 'b'].map((caseId) => commands.zscore(`${fixture.keys.base(driver.feed)}interest`, caseId)),
    );
    expect(until.map(Number)).toEqual([driver.now + 60_000, driver.now + 60_000]);
  });

  it('begins a new epoch beyond every offset that was given', async () => {
    const ref = await driver.wantOneSet('a', 'b');
    await driver.publish(ref, message('a', '1'), message('b', '2'));
    const { epoch } = await driver.history('a');
    await lose('feed');
    await driver.publish(ref, message('b', '3'));
    const history = await driver.history('a', 'b');
    expect(history.epoch).not.toBe(epoch);
    const offsets = history.tickets.flatMap(({ publications }) => publications.map(({ offset }) => offset));
    expect(offsets).toEqual([1, 2, history.offset]);
    // A set that comes later has a name of its own.
    await driver.want('c');
    expect(await faults()).toEqual([]);
  });

  it('tells that it is well again, though its list of failing sets was lost', async () => {
    const ref = await driver.wantOneSet('a');
    await driver.fail(ref);
    await driver.fail(ref);
    expect((await driver.history('a')).upstream.state).toBe('degraded');
    await lose('failing');
    await driver.publish(ref);
    expect((await driver.history('a')).upstream.state).toBe('ok');
  });

  describe('of a feed that changes while its keys are looked at', () => {
    /** What a worker and an operator do between the two commands that a look at the keys has. */
    const between = (change: () => Promise<unknown>) => {
      const exists = commands.exists.bind(commands) as (...keys: string[]) => Promise<number>;
      const spy = jest.spyOn(commands, 'exists') as unknown as jest.SpyInstance<Promise<number>, string[]>;
      spy.mockImplementationOnce(async (...keys) => {
        await change();
        return exists(...keys);
      });
      return spy;
    };
    const quarantine = async () => {
      const ref = { feed: driver.feed, id: 1 };
      const { fence } = await driver.begin(ref);
      await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection: null, quarantined: ['a', 'b'] });
    };
    const release = (caseId: string) => {
      const bounds = { historyMaxEvents: HISTORY_MAX, historyTtlS: HISTORY_TTL_S, upstreamMaxCaseIds: SET_MAX };
      return new OperatorActions(commands, fixture.keys, bounds).release(driver.feed, caseId, driver.now);
    };
    afterEach(() => jest.restoreAllMocks());

    it('nothing is lost when the set of a quarantined ticket ends, and the ticket is released', async () => {
      await driver.want('a', 'b');
      const looked = between(async () => {
        await quarantine();
        expect(await release('a')).toMatchObject({ kind: 'released', due: { ref: { id: 2 } } });
      });
      await sweep();
      await sweep();
      expect([looked.mock.calls.length, losses, await faults()]).toEqual([2, 0, []]);
      // The next ticket keeps the set that it has, and its poll is not disturbed.
      expect(await driver.publish({ feed: driver.feed, id: 2 }, message('a', '1'))).toMatchObject({ published: 1 });
    });

    it('nothing is lost when the set of a released ticket is merged while the job of an ended set runs', async () => {
      await driver.want('a', 'b');
      await driver.want('c');
      await driver.publish({ feed: driver.feed, id: 2 }, message('c', '1'));
      await quarantine();
      await release('a');
      between(async () => {
        await driver.publish({ feed: driver.feed, id: 3 }, message('a', '1'));
        fixture.clock.advance(RESERVATIONS_SUSPENDED_MS + 1);
        await registry.sweep(driver.feed, driver.now);
        expect(await commands.exists(`${fixture.keys.base(driver.feed)}set:3`)).toBe(0);
      });
      expect(await driver.ask({ feed: driver.feed, id: 1 }, 'worker')).toEqual({ kind: 'gone' });
      await sweep();
      expect([losses, await faults()]).toEqual([0, []]);
    });

    it('a key that is lost meanwhile is made again', async () => {
      await driver.want('a', 'b');
      between(() => lose('set:1'));
      await sweep();
      expect([losses, await faults()]).toEqual([1, []]);
    });
  });

  it('polls a ticket whose quarantine was lost, and takes it back', async () => {
    await driver.want('a', 'b');
    const ref = { feed: driver.feed, id: 1 };
    const { fence } = await driver.begin(ref);
    await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection: null, quarantined: ['a'] });
    await lose('apart');
    await sweep();
    expect(await faults()).toEqual([]);
    expect((await driver.history('a')).quarantined).toEqual([]);
  });
});
