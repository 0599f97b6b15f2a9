import { RESERVATION_MAX_MS, RESERVATIONS_SUSPENDED_MS, type Committed, type SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { INTEREST_MS, LEASE_MS, message, StoreDriver, text } from '../store/store-driver.js';

/** What leases and fences of ticket sets must do. */
export function describeSetLeases(name: string, make: MakeStoreFixture): void {
  describe(`${name} with leases of sets`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    beforeAll(async () => void (fixture = await make(USUAL_LIMITS)));
    beforeEach(() => void (driver = new StoreDriver(fixture)));
    afterAll(() => fixture.dispose());

    describe('begin', () => {
      it('gives a set to one worker at a time, until its lease ends', async () => {
        const ref = await driver.wantOneSet('a');
        const until = driver.now + LEASE_MS;
        await driver.begin(ref, 'one');
        fixture.clock.advance(LEASE_MS - 1);
        expect(await driver.ask(ref, 'other')).toEqual({ kind: 'busy', until });
        fixture.clock.advance(1);
        expect(await driver.ask(ref, 'other')).toMatchObject({ kind: 'begun' });
        expect(await driver.ask(ref, 'one')).toMatchObject({ kind: 'busy' });
      });

      it('gives a set to exactly one of many workers that ask at once', async () => {
        const ref = await driver.wantOneSet('a');
        const asked = Array.from({ length: 8 }, (_, at) => driver.ask(ref, `worker ${at}`));
        const kinds = (await Promise.all(asked)).map((begun) => begun.kind);
        expect(kinds.filter((kind) => kind === 'begun')).toHaveLength(1);
        expect(kinds.filter((kind) => kind === 'busy')).toHaveLength(7);
      });

      it('gives a worker its own set again, and accepts no result from before that', async () => {
        const ref = await driver.wantOneSet('a');
        const before = await driver.begin(ref, 'one');
        fixture.clock.advance(LEASE_MS - 1);
        const after = await driver.begin(ref, 'one');
        expect(await driver.commit(before, [message('a', 'before')])).toEqual({ kind: 'conflict' });
        expect(await driver.ask(ref, 'other')).toEqual({ kind: 'busy', until: driver.now + LEASE_MS });
        expect(await driver.commit(after, [message('a', 'after')])).toMatchObject({ kind: 'committed' });
      });
    });

    describe('release', () => {
      it('frees a set for other workers at once', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.begin(ref, 'one');
        await fixture.store.release(ref, 'one');
        expect(await driver.ask(ref, 'other')).toMatchObject({ kind: 'begun' });
      });

      it('leaves the lease of another worker alone', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.begin(ref, 'one');
        await fixture.store.release(ref, 'other');
        expect(await driver.ask(ref, 'other')).toMatchObject({ kind: 'busy' });
      });

      it('of a set that ended changes nothing', async () => {
        const ref = await driver.wantOneSet('a');
        fixture.clock.advance(INTEREST_MS + 1);
        await fixture.registry.sweep(driver.feed, driver.now);
        await fixture.store.release(ref, 'one');
        expect(await driver.ask(ref, 'one')).toEqual({ kind: 'gone' });
      });
    });

    describe('commit', () => {
      it('extends the lease between the parts of one result, and leaves the due time alone', async () => {
        const ref = await driver.wantOneSet('a');
        const set = await driver.begin(ref);
        fixture.clock.advance(100);
        const until = driver.now + LEASE_MS;
        const extended = { lease: { kind: 'extend', until }, due: undefined } as const;
        const part = await driver.commit(set, [message('a', '1')], extended);
        expect(part).toMatchObject({ kind: 'committed', reserved: false, dueAt: set.dueAt });
        expect(await driver.ask(ref, 'other')).toEqual({ kind: 'busy', until });
        const fence = part.kind === 'committed' ? part.fence : -1;
        expect(await driver.commit({ ref, fence }, [message('a', '2')])).toMatchObject({ kind: 'committed' });
        expect(await driver.contents('a')).toEqual([text('1'), text('2')]);
      });

      it('discards the result of the second of two workers, whole', async () => {
        const ref = await driver.wantOneSet('a');
        const first = await driver.begin(ref);
        fixture.clock.advance(LEASE_MS + 1);
        const second = await driver.begin(ref);
        expect(second.fence).toBeGreaterThan(first.fence);
        expect(await driver.commit(second, [message('a', 'second')], { backfilled: ['a'] })).toMatchObject({
          kind: 'committed',
        });
        expect(await driver.commit(first, [message('a', 'first')])).toEqual({ kind: 'conflict' });
        expect(await driver.contents('a')).toEqual([text('second')]);
      });

      it('discards a poll that outlived its lease when a ticket left meanwhile', async () => {
        const ref = await driver.wantOneSet('leaves');
        fixture.clock.advance(INTEREST_MS / 2);
        await driver.want('stays');
        const set = await driver.begin(ref);
        fixture.clock.advance(INTEREST_MS / 2 + 1);
        expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(1);
        const late = await driver.commit(set, [message('stays', 'x')], { backfilled: set.joining });
        expect(late).toEqual({ kind: 'conflict' });
        expect(await driver.begin(ref)).toMatchObject({ members: [], joining: ['stays'] });
      });

      it('discards what a poll sends after its lease ended and another poll began', async () => {
        const ref = await driver.wantOneSet('a');
        const early = await driver.begin(ref, 'early');
        fixture.clock.advance(LEASE_MS + 1);
        const late = await driver.begin(ref, 'late');
        // For example, a commit waited while Redis refused to write. It must not end or take the lease of the other.
        const lease = { kind: 'reserve', leaseMs: LEASE_MS } as const;
        expect(await driver.commit(early, [message('a', 'x')], { lease })).toEqual({ kind: 'conflict' });
        await fixture.store.release(ref, 'early');
        expect(await driver.ask(ref, 'early')).toMatchObject({ kind: 'busy' });
        expect(await driver.commit(late, [message('a', 'x')])).toMatchObject({ kind: 'committed' });
      });
    });

    describe('reservation', () => {
      const lease = { kind: 'reserve', leaseMs: LEASE_MS } as const;
      const CURSOR_HISTORY = { head: '1781524870803', polledAt: 5000, samples: [] };
      const gone = async (ref: SetRef) => {
        const begun = await fixture.store.begin(ref, driver.now, { owner: 'passer-by', until: driver.now });
        return begun.kind === 'gone';
      };
      const ask = async (ref: SetRef, owner: string) => (await driver.ask(ref, owner)).kind;

      async function reserve(ref: SetRef, due: number): Promise<Committed> {
        const set = await driver.begin(ref);
        return driver.commit(set, [], { backfilled: set.joining, lease, due: { active: due, idle: due } });
      }

      it('keeps a set for the worker that polled it, until it is due and for one request more', async () => {
        const ref = await driver.wantOneSet('a');
        const dueAt = driver.now + 1000;
        expect(await reserve(ref, dueAt)).toMatchObject({ reserved: true, dueAt });
        expect(await driver.ask(ref, 'other')).toEqual({ kind: 'busy', until: dueAt + LEASE_MS });
        expect(await ask(ref, 'worker')).toBe('begun');
      });

      it('gives it to others when its owner did not come', async () => {
        const ref = await driver.wantOneSet('a');
        await reserve(ref, driver.now + 1000);
        fixture.clock.advance(1000 + LEASE_MS);
        expect(await ask(ref, 'other')).toBe('begun');
      });

      it('does not keep a set that is not due for long', async () => {
        const ref = await driver.wantOneSet('a');
        expect(await reserve(ref, driver.now + RESERVATION_MAX_MS + 1)).toMatchObject({ reserved: false });
        expect(await ask(ref, 'other')).toBe('begun');
      });

      it('is ended by its owner alone', async () => {
        const ref = await driver.wantOneSet('a');
        await reserve(ref, driver.now + 1000);
        await fixture.store.release(ref, 'other');
        expect(await ask(ref, 'other')).toBe('busy');
        await fixture.store.release(ref, 'worker');
        expect(await ask(ref, 'other')).toBe('begun');
      });

      it('protects the set from changes, and is not given again before the set was changed', async () => {
        const ref = await driver.wantOneSet('stays', 'leaves');
        fixture.clock.advance(INTEREST_MS - 1000);
        await driver.want('stays');
        const reserved = await reserve(ref, driver.now + 1500);
        fixture.clock.advance(1000);
        expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(0);
        fixture.clock.advance(500);
        const fence = reserved.kind === 'committed' ? reserved.fence : -1;
        const due = { active: driver.now + 1000, idle: driver.now + 1000 };
        expect(await driver.commit({ ref, fence }, [], { lease, due })).toMatchObject({ reserved: false });
        expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(1);
        expect(await driver.begin(ref)).toMatchObject({ members: ['stays'] });
      });

      it('is given again when there is nothing more to change', async () => {
        const ref = await driver.wantOneSet('stays', 'leaves');
        fixture.clock.advance(INTEREST_MS - 1000);
        await driver.want('stays');
        await reserve(ref, driver.now + 500);
        fixture.clock.advance(1000);
        await fixture.registry.sweep(driver.feed, driver.now);
        await fixture.store.release(ref, 'worker');
        expect(await reserve(ref, driver.now + 500)).toMatchObject({ reserved: false });
        await fixture.registry.sweep(driver.feed, driver.now);
        fixture.clock.advance(RESERVATIONS_SUSPENDED_MS);
        expect(await reserve(ref, driver.now + 500)).toMatchObject({ reserved: true });
      });

      it('ends for tickets that the set has room for', async () => {
        const ref = await driver.wantOneSet('a');
        const learned = { cursorHistory: CURSOR_HISTORY, answerDigest: null, order: 'oldest_first' as const };
        const due = { active: driver.now + 1500, idle: driver.now + 1500 };
        const set = await driver.begin(ref);
        const reserved = await driver.commit(set, [], { backfilled: set.joining, learned, lease, due });
        fixture.clock.advance(1000);
        const stagingSet = await driver.begin(await driver.wantOneSet('b'));
        await driver.commit(stagingSet, [], { backfilled: stagingSet.joining, learned });
        expect(await gone(stagingSet.ref)).toBe(false);
        fixture.clock.advance(500);
        const fence = reserved.kind === 'committed' ? reserved.fence : -1;
        await driver.commit({ ref, fence }, [], { lease });
        const kinds = [await gone(ref), await gone(stagingSet.ref)];
        expect(kinds.sort()).toEqual([false, true]);
      });
    });
  });
}
