import type { ExtentWant, HistorySlice, SetRef, SliceWant } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { message, StoreDriver, status } from '../store/store-driver.js';

/** Publications that history keeps per ticket in this suite. */
const HISTORY_MAX = 5;

/** How a broker gives a replay part by part, in the order of the feed. */
export function describeReplays(name: string, make: MakeStoreFixture): void {
  describe(`${name} with long replays`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    let ref: SetRef;
    beforeEach(async () => {
      fixture = await make({ ...USUAL_LIMITS, historyMax: HISTORY_MAX });
      driver = new StoreDriver(fixture);
      ref = await driver.wantOneSet('a', 'b', 'c');
    });
    afterEach(() => fixture.dispose());

    /** Offsets of a: 1, 3, 4, of b: 2, 5. */
    const publish = () =>
      driver.publish(
        ref,
        ...[message('a', '1'), message('b', '2'), message('a', '3'), status('a', 1), message('b', '4')],
      );
    const more = (...contents: string[]) => driver.publish(ref, ...contents.map((content) => message('a', content)));
    const extent = async (...wants: ExtentWant[]) => {
      const { floors, count, offset } = await fixture.brokers[0].extent(driver.feed, wants);
      return { floors: Object.fromEntries(floors), count, offset };
    };
    const slice = (want: Partial<SliceWant>, floors: Record<string, number> = { a: 0, b: 0 }) =>
      fixture.brokers[0].slice(
        driver.feed,
        { after: 0, upTo: 9, maxEvents: 9, maxBytes: 999, ...want, floors: new Map(Object.entries(floors)) },
        null,
      );
    const offsetsOf = ({ publications }: HistorySlice) => publications?.map(({ offset }) => offset);

    describe('the extent', () => {
      it('begins before the oldest that is wanted of each ticket, and counts what is wanted', async () => {
        await publish();
        const of = (count: number | null) => extent(...['a', 'b', 'c'].map((caseId) => ({ caseId, count })));
        expect(await of(null)).toEqual({ floors: { a: 0, b: 1, c: 5 }, count: 5, offset: 5 });
        expect(await of(9)).toEqual({ floors: { a: 0, b: 1, c: 5 }, count: 5, offset: 5 });
        // The contract leaves open where between two publications the floor lies.
        expect(await of(1)).toMatchObject({ count: 2, offset: 5 });
        expect(await of(0)).toEqual({ floors: { a: 5, b: 5, c: 5 }, count: 0, offset: 5 });
      });

      it.each([1, 2, 3, 4])('of the last %d leaves no other one behind its floor', async (count) => {
        await publish();
        await more('5', '6');
        const { floors, count: wanted } = await extent({ caseId: 'a', count });
        expect(wanted).toBe(count);
        expect(offsetsOf(await slice({}, floors))).toEqual([1, 3, 4, 6, 7].slice(-count));
      });

      it('begins where history begins, after a part of it is gone', async () => {
        await more('1', '2', '3', '4', '5', '6', '7');
        expect(await extent({ caseId: 'a', count: null })).toEqual({ floors: { a: 2 }, count: 5, offset: 7 });
      });
    });

    describe('a slice', () => {
      it('has the publications between two offsets, unchanged, in the order of the feed', async () => {
        await publish();
        const { epoch, tickets } = await driver.history('a', 'b');
        const all = tickets.flatMap((ticket) => ticket.publications).sort((a, b) => a.offset - b.offset);
        expect(await slice({})).toEqual({ epoch, offset: 5, publications: all, lost: [] });
        expect(offsetsOf(await slice({ after: 1, upTo: 4 }))).toEqual([2, 3, 4]);
        expect(offsetsOf(await slice({ after: 5 }))).toEqual([]);
      });

      it('has nothing of a ticket up to its floor', async () => {
        await publish();
        expect(offsetsOf(await slice({ after: 1 }, { a: 3, b: 0 }))).toEqual([2, 4, 5]);
      });

      it('is not given if it has too many publications or bytes, unless it is one', async () => {
        await publish();
        expect((await slice({ maxEvents: 4 })).publications).toBeNull();
        expect((await slice({ maxBytes: 20 })).publications).toBeNull();
        expect(offsetsOf(await slice({ maxEvents: 5 }))).toHaveLength(5);
        expect(offsetsOf(await slice({ upTo: 1, maxBytes: 1, maxEvents: 0 }))).toEqual([1]);
      });

      it('names the tickets of which publications are gone, and only those', async () => {
        await publish();
        expect((await slice({}, { a: 0, b: 0, c: 0 })).lost).toEqual([]);
        await more('5', '6', '7', '8');
        // 1 and 3 are gone.
        expect((await slice({ upTo: 2 })).lost).toEqual(['a']);
        expect((await slice({ after: 2, upTo: 3 })).lost).toEqual(['a']);
        expect((await slice({ after: 3 })).lost).toEqual([]);
        expect((await slice({}, { a: 3, b: 0 })).lost).toEqual([]);
      });

      it('begins a new epoch if the caller knows of more than there is', async () => {
        await publish();
        const { epoch } = await driver.history('a');
        const ask = (offset: number) => {
          fixture.clock.advance(1);
          const want = { floors: new Map([['a', 0]]), after: 0, upTo: 3, maxEvents: 9, maxBytes: 999 };
          return fixture.brokers[0].slice(driver.feed, want, { epoch, offset });
        };
        expect((await ask(5)).epoch).toBe(epoch);
        expect((await ask(6)).epoch > epoch).toBe(true);
      });
    });
  });
}
