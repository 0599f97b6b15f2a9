import { ManualClock } from '#testing';
import { feedKey } from '../model/feed.js';
import { Interest } from './interest.js';
import type { InterestRegistry, LeaseReason } from './ports/interest-registry.js';
import type { DueSet } from '../polling/ports/poll-queue.js';

const FEED = { language: 'en-us' };
const KEY = feedKey(FEED);
const LINGER_MS = 30_000;

function setUp(lingerMs = LINGER_MS, maxUnknown?: number) {
  const clock = new ManualClock();
  const wants: { caseIds: readonly string[]; until: number; reason: LeaseReason }[] = [];
  const hints: (readonly string[])[] = [];
  const woken: number[] = [];
  const state = { outOfReach: false };
  let opened = Promise.resolve();
  const registry = {
    want: async (_: unknown, caseIds: readonly string[], now: number, until: number, reason: LeaseReason) => {
      await opened;
      if (state.outOfReach) {
        throw new Error('out of reach');
      }
      wants.push({ caseIds, until: until - now, reason });
      return [{ ref: { feed: KEY, id: wants.length }, at: now }];
    },
    hint: async (_: unknown, caseIds: readonly string[], now: number) => {
      hints.push(caseIds);
      return [{ ref: { feed: KEY, id: 100 + hints.length }, at: now }];
    },
    sweep: async () => 0,
    overdue: async () => [],
    earliestDue: async () => null,
    statuses: async () => [],
    answeredAt: async (_: unknown, caseIds: readonly string[]) => caseIds.map((__, at) => at),
    unknown: async (_: unknown, caseIds: readonly string[]) => [...caseIds],
  };
  const queue = { wake: async (sets: readonly DueSet[]) => void woken.push(...sets.map(({ ref }) => ref.id)) };
  /** Holds the registry's next answer back until the returned function is called. */
  const gate = () => {
    let open = () => {};
    opened = new Promise((resolve) => (open = resolve));
    return open;
  };
  return {
    clock,
    interest: new Interest({ registry, queue, clock }, lingerMs, maxUnknown),
    wants,
    hints,
    woken,
    state,
    gate,
  };
}

describe('Interest', () => {
  it('is acquired at once while the registry knows of a client that came a moment ago', async () => {
    const { interest, clock, wants, gate } = setUp();
    expect(interest.acquireNow(FEED, ['a'])).toBe(false);
    const open = gate();
    const acquiring = interest.acquire(FEED, ['a']);
    expect(interest.acquireNow(FEED, ['a'])).toBe(false);
    open();
    await acquiring;
    expect([interest.acquireNow(FEED, ['a', 'b']), interest.acquireNow(FEED, ['a'])]).toEqual([false, true]);
    expect(interest.clientsOf('a')).toEqual(new Map([[KEY, 2]]));
    expect(interest.clientsOf('b').size).toBe(0);
    clock.advance(1000);
    expect(interest.acquireNow(FEED, ['a'])).toBe(false);
    expect(wants).toHaveLength(1);
  });

  it('admits so many unknown tickets of a subject at once, and of nobody in particular any number', async () => {
    const { interest, clock } = setUp(LINGER_MS, 1);
    const admit = (caseId: string, subject: string | null = 'alice') => interest.admit(FEED, [caseId], subject);
    await admit('a');
    await interest.acquire(FEED, ['a'], 'alice');
    await expect(admit('b')).rejects.toMatchObject({ name: 'TooManyUnknownTickets', most: 1 });
    await Promise.all([admit('b', 'bob'), admit('b', null), admit('c', null)]);
    await interest.release(FEED, ['a'], 'alice');
    clock.advance(LINGER_MS - 1);
    await expect(admit('b')).rejects.toThrow();
    clock.advance(1);
    await admit('b');
  });

  it('knows when the upstream last answered for tickets', async () => {
    const { interest } = setUp();
    const times = new Map(['a', 'b'].map((caseId, at) => [caseId, at]));
    expect(await interest.answeredAt(FEED, ['a', 'b'])).toEqual(times);
    expect(interest.knownAnswers(FEED, ['a', 'b'])).toEqual(times);
  });

  it('says how many clients here want a ticket, by feed, and of which feeds nobody does', async () => {
    const { interest } = setUp();
    const other = { language: 'en-us', groupId: 'g' };
    await interest.acquire(FEED, ['a', 'b']);
    await interest.acquire(FEED, ['a']);
    await interest.acquire(other, ['a', 'c']);
    expect(['a', 'b', 'c', 'd'].map((caseId) => [...interest.clientsOf(caseId)])).toEqual([
      [
        [KEY, 2],
        [feedKey(other), 1],
      ],
      [[KEY, 1]],
      [[feedKey(other), 1]],
      [],
    ]);
    await interest.release(FEED, ['a', 'b']);
    expect(['a', 'b'].map((caseId) => interest.clientsOf(caseId).get(KEY))).toEqual([1, undefined]);
  });

  it('passes hints on in bounded calls, wakes the sets that are due earlier, and leases nothing', async () => {
    const { interest, hints, wants, woken } = setUp();
    await interest.hint(
      FEED,
      Array.from({ length: 501 }, (_, at) => `t${at}`),
    );
    expect(hints.map((caseIds) => caseIds.length)).toEqual([500, 1]);
    expect(woken).toEqual([101, 102]);
    expect(wants).toEqual([]);
  });

  it('leases a ticket for the linger time, and wakes the set that it joins', async () => {
    const { interest, wants, woken } = setUp();
    await interest.acquire(FEED, ['a', 'b']);
    expect(wants).toEqual([{ caseIds: ['a', 'b'], until: LINGER_MS, reason: 'arrival' }]);
    expect(woken).toEqual([1]);
  });

  it('reports arrivals at one ticket to the registry once a second', async () => {
    const { interest, wants, clock } = setUp();
    await interest.acquire(FEED, ['a']);
    await interest.acquire(FEED, ['a', 'b']);
    clock.advance(1000);
    await interest.acquire(FEED, ['a']);
    expect(wants.filter(({ caseIds }) => caseIds.length > 0).map((want) => [want.caseIds.join(), want.reason])).toEqual(
      [
        ['a', 'arrival'],
        ['b', 'arrival'],
        ['a', 'arrival'],
      ],
    );
  });

  it('starts the linger time when the last client leaves', async () => {
    const { interest, wants } = setUp();
    await interest.acquire(FEED, ['a']);
    await interest.acquire(FEED, ['a']);
    await interest.release(FEED, ['a']);
    expect(wants).toHaveLength(1);
    await interest.release(FEED, ['a']);
    expect(wants.at(-1)).toEqual({ caseIds: ['a'], until: LINGER_MS, reason: 'renewal' });
    expect(wants).toHaveLength(2);
  });

  it('renews what is held, and nothing else, at a third of the lease', async () => {
    const { interest, wants } = setUp();
    await interest.acquire(FEED, ['a', 'b']);
    await interest.release(FEED, ['a']);
    wants.length = 0;
    await interest.renew();
    expect(wants).toEqual([{ caseIds: ['b'], until: LINGER_MS, reason: 'renewal' }]);
    expect(interest.renewEveryMs).toBe(LINGER_MS / 3);
  });

  it('keeps languages and groups apart', async () => {
    const { interest, wants } = setUp();
    await interest.acquire(FEED, ['a']);
    await interest.acquire({ ...FEED, groupId: 'g' }, ['a']);
    expect(wants).toHaveLength(2);
  });

  it('holds nothing if the store is out of reach', async () => {
    const { interest, wants, state } = setUp();
    state.outOfReach = true;
    await expect(interest.acquire(FEED, ['a'])).rejects.toThrow('out of reach');
    state.outOfReach = false;
    await interest.renew();
    expect(wants).toEqual([]);
    await interest.acquire(FEED, ['a']);
    expect(wants).toHaveLength(1);
  });

  describe('of several clients in one ticket, if the report of the first one failed', () => {
    const out = { message: 'out of reach' };

    it('is not held by the clients that came during the report', async () => {
      const { interest, wants, state } = setUp();
      state.outOfReach = true;
      const first = interest.acquire(FEED, ['a']);
      const second = interest.acquire(FEED, ['a']);
      await Promise.all([expect(first).rejects.toMatchObject(out), expect(second).rejects.toMatchObject(out)]);
      state.outOfReach = false;
      await interest.renew();
      expect(wants).toEqual([]);
    });

    it('is reported when the next client comes, however soon, and whichever other client holds it', async () => {
      const { interest, wants, state, clock } = setUp();
      await interest.acquire(FEED, ['a']);
      clock.advance(1000);
      state.outOfReach = true;
      await expect(interest.acquire(FEED, ['a'])).rejects.toMatchObject(out);
      state.outOfReach = false;
      clock.advance(1);
      await interest.acquire(FEED, ['a']);
      expect(wants.map(({ caseIds, reason }) => [caseIds, reason])).toEqual([
        [['a'], 'arrival'],
        [['a'], 'arrival'],
      ]);
    });

    it('leaves what others hold as it is', async () => {
      const { interest, wants, state, clock } = setUp();
      await interest.acquire(FEED, ['a']);
      clock.advance(1000);
      state.outOfReach = true;
      await expect(interest.acquire(FEED, ['b', 'a'])).rejects.toMatchObject(out);
      state.outOfReach = false;
      wants.length = 0;
      await interest.renew();
      expect(wants.map(({ caseIds }) => caseIds)).toEqual([['a']]);
      await interest.release(FEED, ['a']);
      wants.length = 0;
      await interest.renew();
      expect(wants).toEqual([]);
    });
  });

  it('waits for a report that is already on its way', async () => {
    const { interest, gate } = setUp();
    const open = gate();
    const seen: string[] = [];
    const first = interest.acquire(FEED, ['a']).then(() => seen.push('first'));
    const second = interest.acquire(FEED, ['a']).then(() => seen.push('second'));
    await new Promise(setImmediate);
    expect(seen).toEqual([]);
    open();
    await Promise.all([first, second]);
    expect(seen.sort()).toEqual(['first', 'second']);
  });

  it('does not report again what a later report said, if an earlier one fails after it began', async () => {
    const { interest, wants, state, gate, clock } = setUp();
    const failFirst = gate();
    const first = interest.acquire(FEED, ['a']);
    clock.advance(1000);
    const openSecond = gate();
    const second = interest.acquire(FEED, ['a']);
    state.outOfReach = true;
    failFirst();
    await expect(first).rejects.toThrow('out of reach');
    state.outOfReach = false;
    const third = interest.acquire(FEED, ['a']);
    openSecond();
    await Promise.all([second, third]);
    expect(wants).toHaveLength(1);
  });

  it('keeps nothing of a feed whose last ticket was released', async () => {
    const { interest } = setUp();
    await interest.acquire(FEED, ['a', 'b']);
    await interest.release(FEED, ['a']);
    const { size } = Reflect.get(interest, 'held') as Map<string, unknown>;
    await interest.release(FEED, ['b']);
    expect([size, (Reflect.get(interest, 'held') as Map<string, unknown>).size]).toEqual([1, 0]);
  });

  it('leases for three seconds at least: shorter ones could not be renewed in time', async () => {
    const { interest, wants } = setUp(1000);
    await interest.acquire(FEED, ['a']);
    expect([wants[0]?.until, interest.renewEveryMs]).toEqual([3000, 1000]);
  });

  it('of one client is not released by another client that leaves twice', async () => {
    const { interest, wants } = setUp();
    await interest.acquire(FEED, ['a']);
    await interest.release(FEED, ['a', 'b']);
    await interest.release(FEED, ['a']);
    await interest.acquire(FEED, ['a']);
    wants.length = 0;
    await interest.renew();
    expect(wants.map(({ caseIds }) => caseIds)).toEqual([['a']]);
  });

  it.each([
    { feeds: 250, size: 1, atOnce: 100 },
    { feeds: 5, size: 250, atOnce: 2 },
    { feeds: 5, size: 300, atOnce: 2 },
    { feeds: 5, size: 500, atOnce: 1 },
  ])(
    'renews the leases of many feeds in round trips of bounded size ($feeds x $size)',
    async ({ feeds, size, atOnce }) => {
      let [underWay, most, renewals] = [0, 0, 0];
      const want = async (_feed: unknown, _caseIds: unknown, _now: number, _until: number, reason: LeaseReason) => {
        renewals += reason === 'renewal' ? 1 : 0;
        most = Math.max(most, (underWay += 1));
        await new Promise(setImmediate);
        underWay -= 1;
        return [];
      };
      const registry = { want } as unknown as InterestRegistry;
      const interest = new Interest({ registry, queue: { wake: async () => {} }, clock: new ManualClock() }, LINGER_MS);
      const many = Array.from({ length: size }, (_, at) => `t${at}`);
      for (let at = 0; at < feeds; at += 1) await interest.acquire({ language: 'en-us', groupId: `G${at}` }, many);
      await interest.renew();
      expect([renewals, most]).toEqual([feeds, atOnce]);
    },
  );

  it('asks for many tickets in calls of bounded size', async () => {
    const { interest, wants } = setUp();
    const many = Array.from({ length: 1200 }, (_, index) => `t${index}`);
    await interest.acquire(FEED, many);
    expect(wants.map((want) => want.caseIds.length)).toEqual([500, 500, 200]);
    expect(wants.flatMap((want) => want.caseIds)).toEqual(many);
  });
});
