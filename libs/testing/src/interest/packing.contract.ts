import { RESERVATIONS_SUSPENDED_MS, type CursorHistory, type SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { INTEREST_MS, LEASE_MS, message, StoreDriver, text } from '../store/store-driver.js';

/** Largest set in these suites: small, so that sets fill. */
const MAX = 4;

/** How tickets are packed into few sets, and when sets are due because of new tickets, clients and hints. */
export function describePacking(name: string, make: MakeStoreFixture): void {
  describe(`${name} as a packer of ticket sets`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    beforeAll(async () => void (fixture = await make({ ...USUAL_LIMITS, maxCaseIds: MAX })));
    beforeEach(() => void (driver = new StoreDriver(fixture)));
    afterAll(() => fixture.dispose());

    const numeric = (polledAt: number, head = '1781524870803'): CursorHistory => ({ head, polledAt, samples: [] });

    /** Backfills a set, as its first poll does. */
    async function backfill(ref: SetRef, cursorHistory = numeric(driver.now)): Promise<void> {
      const set = await driver.begin(ref);
      const learned = { cursorHistory, answerDigest: null, order: 'oldest_first' as const };
      await driver.commit(set, [], { backfilled: set.joining, learned });
    }

    /** What each set polls, by set id. */
    async function sets(): Promise<
      Map<number, { members: string[]; joining: string[]; cursorHistory: CursorHistory | null }>
    > {
      const found = new Map<number, { members: string[]; joining: string[]; cursorHistory: CursorHistory | null }>();
      for (const ref of await fixture.registry.overdue(driver.feed, driver.now + 10 * INTEREST_MS)) {
        const begun = await fixture.store.begin(ref, driver.now, { owner: 'worker', until: driver.now });
        if (begun.kind === 'begun') {
          const { members, joining, cursorHistory } = begun.set;
          found.set(ref.id, { members: [...members].sort(), joining: [...joining].sort(), cursorHistory });
        }
      }
      return found;
    }

    it('packs tickets into sets with room once they are backfilled, and goes back no further than it must', async () => {
      await backfill(await driver.wantOneSet('a', 'b', 'c'), numeric(5000));
      fixture.clock.advance(2000);
      const stagingSet = await driver.wantOneSet('d');
      expect((await sets()).size).toBe(2);
      await backfill(stagingSet, numeric(7000));
      const packed = await sets();
      expect([...packed.values()]).toEqual([
        { members: ['a', 'b', 'c', 'd'], joining: [], cursorHistory: numeric(5000) },
      ]);
    });

    it('takes a set for known that gets the tickets of a known one', async () => {
      const unknown = await driver.wantOneSet('a', 'b', 'c');
      await backfill(unknown);
      fixture.clock.advance(USUAL_LIMITS.intervalMs);
      const known = await driver.wantOneSet('d');
      const { joining, ...set } = await driver.begin(known);
      const learned = { cursorHistory: numeric(driver.now), answerDigest: null, order: 'oldest_first' as const };
      expect((await driver.begin(unknown)).isUnknown).toBe(true);
      await fixture.store.release(unknown, 'worker');
      await driver.commit(set, [message('d', '1')], { backfilled: joining, learned });
      expect(await driver.begin(unknown)).toMatchObject({ members: ['a', 'b', 'c', 'd'], isUnknown: false });
    });

    it('lets tickets that come after many others wait for one interval, whatever number of sets the others filled', async () => {
      await driver.want(...Array.from({ length: 5 * MAX }, (_, at) => `earlier-${at}`));
      const stagingSet = await driver.wantOneSet('late');
      const due = await fixture.registry.overdue(driver.feed, driver.now + USUAL_LIMITS.intervalMs + 1);
      expect(due).toContainEqual(stagingSet);
    });

    it('divides the tickets of a thin set over others, and fills none of them beyond a request', async () => {
      await backfill(await driver.wantOneSet('a', 'b', 'c'));
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('d', 'e', 'f'));
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('g', 'h'));
      const members = [...(await sets()).values()].map((set) => set.members);
      expect(members.map(({ length }) => length)).toEqual([MAX, MAX]);
      expect(members.flat().sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    });

    it('reserves no set for a while after a merge: more of them may follow', async () => {
      const ref = await driver.wantOneSet('a', 'b', 'c');
      await backfill(ref);
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('d'));
      expect((await sets()).size).toBe(1);
      const reserve = async () => {
        const due = { active: driver.now + 500, idle: driver.now + 500 };
        const [left] = await fixture.registry.overdue(driver.feed, driver.now + 10 * INTEREST_MS);
        const lease = { kind: 'reserve', leaseMs: LEASE_MS } as const;
        return driver.commit(await driver.begin(left ?? ref), [], { due, lease });
      };
      expect(await reserve()).toMatchObject({ reserved: false });
      fixture.clock.advance(RESERVATIONS_SUSPENDED_MS);
      expect(await reserve()).toMatchObject({ reserved: true });
    });

    it('merges no sets if that makes them no fewer', async () => {
      await backfill(await driver.wantOneSet('a', 'b', 'c'));
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('d', 'e', 'f'));
      expect((await sets()).size).toBe(2);
    });

    it('merges sets that leaving tickets have thinned', async () => {
      await backfill(await driver.wantOneSet('a', 'b', 'c', 'd'));
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('e', 'f', 'g', 'h'));
      fixture.clock.advance(INTEREST_MS - 3000);
      await driver.want('a', 'b', 'e', 'f');
      fixture.clock.advance(3000);
      expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(4);
      expect([...(await sets()).values()].map((set) => set.members)).toEqual([['a', 'b', 'e', 'f']]);
    });

    it('backfills moved tickets if cursors are opaque, and never mixes them', async () => {
      await backfill(await driver.wantOneSet('a', 'b', 'c'), numeric(5000, 'c_one'));
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('d'), numeric(7000, 'c_two'));
      expect([...(await sets()).values()]).toEqual([
        { members: ['a', 'b', 'c'], joining: ['d'], cursorHistory: numeric(5000, 'c_one') },
      ]);
    });

    it('backfills moved tickets if a set has no cursor yet', async () => {
      const learned = { cursorHistory: null, answerDigest: null, order: 'oldest_first' as const };
      const first = await driver.begin(await driver.wantOneSet('a', 'b', 'c'));
      await driver.commit(first, [], { backfilled: first.joining, learned });
      fixture.clock.advance(2000);
      const second = await driver.begin(await driver.wantOneSet('d'));
      await driver.commit(second, [], { backfilled: second.joining, learned });
      expect([...(await sets()).values()]).toEqual([{ members: ['a', 'b', 'c'], joining: ['d'], cursorHistory: null }]);
    });

    it('moves no ticket out of a set in which some wait for their backfill, and none into it', async () => {
      await backfill(await driver.wantOneSet('a'), numeric(5000, 'c_one'));
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('b'), numeric(7000, 'c_two'));
      const waits = { members: ['b'], joining: ['a'], cursorHistory: numeric(7000, 'c_two') };
      expect([...(await sets()).values()]).toEqual([waits]);
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('c', 'd'), numeric(9000));
      await fixture.registry.sweep(driver.feed, driver.now);
      const others = { members: ['c', 'd'], joining: [], cursorHistory: numeric(9000) };
      expect([...(await sets()).values()]).toEqual([waits, others]);
    });

    it('merges no set in which a refused ticket is looked for, until it is found', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      await backfill(ref);
      const search = { suspects: ['a'], cleared: ['b'], since: 1000, alone: null };
      const record = async (bisection: typeof search | null) => {
        const { fence } = await driver.begin(ref);
        await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection, quarantined: [] });
      };
      await record(search);
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('c'));
      await fixture.registry.sweep(driver.feed, driver.now);
      expect([...(await sets()).values()].map((set) => set.members)).toEqual([['a', 'b'], ['c']]);
      await record(null);
      await fixture.registry.sweep(driver.feed, driver.now);
      expect([...(await sets()).values()].map((set) => set.members)).toEqual([['a', 'b', 'c']]);
    });

    it('takes no set for unknown because a ticket that joined it shows nothing', async () => {
      const ref = await driver.wantOneSet('a', 'c');
      const { joining, ...set } = await driver.begin(ref);
      const learned = { cursorHistory: numeric(5000, 'c_one'), answerDigest: null, order: 'oldest_first' as const };
      await driver.commit(set, [message('a', '1')], { backfilled: joining, learned });
      fixture.clock.advance(2000);
      await backfill(await driver.wantOneSet('b'), numeric(7000, 'c_two'));
      const merged = await driver.begin(ref);
      expect(merged).toMatchObject({ members: ['a', 'c'], joining: ['b'] });
      await driver.commit(merged, [], { backfilled: ['b'] });
      expect(await driver.begin(ref)).toMatchObject({ members: ['a', 'c', 'b'], isUnknown: false });
    });

    it('discards the result of a poll that was slow while its set was merged', async () => {
      const [first, second] = [await driver.wantOneSet('a', 'b', 'c', 'd'), await driver.wantOneSet('e', 'f')];
      await backfill(first, numeric(5000));
      await backfill(second, numeric(7000));
      const stale = [await driver.begin(first), await driver.begin(second)];
      fixture.clock.advance(INTEREST_MS - 1000);
      await driver.want('a', 'e', 'f');
      fixture.clock.advance(2000);
      expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(3);
      expect((await sets()).size).toBe(1);
      const learned = { cursorHistory: numeric(driver.now), answerDigest: null, order: 'oldest_first' as const };
      const kinds = await Promise.all(stale.map(async (set) => (await driver.commit(set, [], { learned })).kind));
      expect(kinds.sort()).toEqual(['conflict', 'gone']);
      expect([...(await sets()).values()]).toEqual([
        { members: ['a', 'e', 'f'], joining: [], cursorHistory: numeric(5000) },
      ]);
    });

    it('discards the result of a poll that was slow while another set was merged into its own', async () => {
      const ref = await driver.wantOneSet('a', 'b', 'c');
      await backfill(ref, numeric(5000));
      fixture.clock.advance(2000);
      const stagingSet = await driver.wantOneSet('d');
      const stale = await driver.begin(ref);
      fixture.clock.advance(LEASE_MS);
      await backfill(stagingSet, numeric(7000));
      const learned = { cursorHistory: numeric(driver.now), answerDigest: null, order: 'oldest_first' as const };
      expect(await driver.commit(stale, [message('a', 'x')], { learned })).toEqual({ kind: 'conflict' });
      expect([...(await sets()).values()]).toEqual([
        { members: ['a', 'b', 'c', 'd'], joining: [], cursorHistory: numeric(5000) },
      ]);
      expect(await driver.contents('a')).toEqual([]);
    });

    it('changes no set with a poll in flight', async () => {
      const ref = await driver.wantOneSet('a', 'b', 'c');
      await backfill(ref);
      fixture.clock.advance(2000);
      const stagingSet = await driver.wantOneSet('d');
      const inFlight = await driver.begin(ref);
      await backfill(stagingSet);
      await fixture.registry.sweep(driver.feed, driver.now);
      expect(await driver.commit(inFlight, [message('a', 'x')])).toMatchObject({ kind: 'committed', published: 1 });
      await fixture.registry.sweep(driver.feed, driver.now);
      expect([...(await sets()).values()].map((set) => set.members)).toEqual([['a', 'b', 'c', 'd']]);
    });

    it('keeps a ticket in its set while a poll of it is in flight', async () => {
      const ref = await driver.wantOneSet('a');
      fixture.clock.advance(INTEREST_MS - 1);
      const set = await driver.begin(ref);
      fixture.clock.advance(LEASE_MS - 1);
      expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(0);
      expect(await driver.commit(set, [message('a', 'last words')])).toMatchObject({ published: 1 });
      expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(1);
      expect(await driver.contents('a')).toEqual([text('last words')]);
    });

    it('lets tickets that come soon after others wait for the end of the interval, together', async () => {
      const [first] = await fixture.registry.want(driver.feed, ['a'], driver.now, driver.now + INTEREST_MS, 'arrival');
      expect(first?.at).toBe(driver.now);
      await backfill(first?.ref ?? { feed: driver.feed, id: 0 });
      fixture.clock.advance(100);
      const later = await fixture.registry.want(driver.feed, ['b'], driver.now, driver.now + INTEREST_MS, 'arrival');
      expect(later.map((set) => set.at)).toEqual([driver.now + 900]);
      expect(await driver.want('c')).toEqual([]);
    });

    it('backfills a full set of tickets at once', async () => {
      await backfill(await driver.wantOneSet('a'));
      const [, ...rest] = ['a', 'b', 'c', 'd', 'e'];
      const woken = await fixture.registry.want(driver.feed, rest, driver.now, driver.now + INTEREST_MS, 'arrival');
      expect(woken.at(-1)?.at).toBe(driver.now);
    });

    it('brings idle sets back to full pace when a client comes, not when a lease is renewed', async () => {
      const ref = await driver.wantOneSet('a');
      await backfill(ref);
      const want = (reason: 'arrival' | 'renewal') =>
        fixture.registry.want(driver.feed, ['a'], driver.now, driver.now + INTEREST_MS, reason);
      expect(await want('renewal')).toEqual([]);
      expect(await want('arrival')).toEqual([{ ref, at: driver.now + USUAL_LIMITS.intervalMs }]);
      expect(await driver.begin(ref)).toMatchObject({ activeAt: driver.now, dueAt: driver.now + 1000 });
    });

    it('takes a set for active when a client comes, and wakes one that was about to slow down', async () => {
      const ref = await driver.wantOneSet('a');
      await backfill(ref);
      const pass = async (ms: number) => {
        fixture.clock.advance(ms);
        await driver.commit(await driver.begin(ref), [], { due: { active: driver.now + 500, idle: driver.now + 500 } });
        const woken = await fixture.registry.want(driver.feed, ['a'], driver.now, driver.now + INTEREST_MS, 'arrival');
        expect(await driver.begin(ref)).toMatchObject({ activeAt: driver.now });
        return woken;
      };
      const tenIntervals = 10 * USUAL_LIMITS.intervalMs;
      expect(await pass(tenIntervals)).toEqual([]);
      expect(await pass(tenIntervals + 1)).toEqual([{ ref, at: driver.now + 500 }]);
      expect(await pass(1)).toEqual([]);
    });
  });
}
