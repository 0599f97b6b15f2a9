import type { PageWant, SetRef, StreamPosition, TicketPage } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { message, StoreDriver, status } from '../store/store-driver.js';

/** Publications that history keeps per ticket in this suite. */
const HISTORY_MAX = 5;

/** How a broker gives a history part by part, the oldest publication first. */
export function describePages(name: string, make: MakeStoreFixture): void {
  describe(`${name} with pages of history`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    let ref: SetRef;
    beforeEach(async () => {
      fixture = await make({ ...USUAL_LIMITS, historyMax: HISTORY_MAX });
      driver = new StoreDriver(fixture);
      ref = await driver.wantOneSet('a', 'b');
    });
    afterEach(() => fixture.dispose());

    const messages = (...contents: string[]) => contents.map((content) => message('a', content));
    const page = (want: Partial<PageWant> = {}) =>
      fixture.brokers[0].page(driver.feed, { caseId: 'a', after: null, limit: 9, ...want });
    const offsetsOf = ({ publications }: TicketPage) => publications.map(({ offset }) => offset);
    const present = async (): Promise<StreamPosition> => {
      const { epoch, offset } = await page({ caseId: 'never', limit: 1 });
      return { epoch, offset };
    };
    const after = async (offset: number) => ({ ...(await present()), offset });

    it('is an empty one for a ticket without publications, at a position that stays', async () => {
      const nothing = { offset: 0, known: false, truncated: false, publications: [], more: false };
      expect(await page()).toMatchObject(nothing);
      const position = await present();
      expect(position.epoch).toMatch(/^[0-9a-z]{8,24}$/);
      fixture.clock.advance(1);
      expect(await present()).toEqual(position);
    });

    it('gives publications unchanged', async () => {
      await driver.publish(ref, ...messages('1', '2'), status('a', 1), message('b', '3'));
      const { epoch, offset, tickets } = await driver.history('a');
      expect(await page()).toEqual({
        ...{ epoch, offset, known: false, truncated: false, more: false },
        publications: tickets[0]?.publications,
      });
    });

    it('gives the oldest that are kept, as many as are wanted', async () => {
      await driver.publish(ref, ...messages('1', '2', '3', '4'));
      const one = await page({ limit: 1 });
      expect([offsetsOf(one), one.more, one.offset]).toEqual([[1], true, 4]);
      const three = await page({ limit: 3 });
      expect([offsetsOf(three), three.more]).toEqual([[1, 2, 3], true]);
      const all = await page({ limit: 4 });
      expect([offsetsOf(all), all.more]).toEqual([[1, 2, 3, 4], false]);
    });

    it('goes on after a position of its own or of another ticket, to the end', async () => {
      await driver.publish(ref, message('a', '1'), message('b', '2'), message('a', '3'), message('a', '4'));
      const rest = await page({ after: await after(1), limit: 2 });
      expect(rest).toMatchObject({ known: true, truncated: false, more: false });
      expect(offsetsOf(rest)).toEqual([3, 4]);
      const next = await page({ after: await after(2), limit: 1 });
      expect(next).toMatchObject({ known: true, truncated: false, more: true });
      expect(offsetsOf(next)).toEqual([3]);
      const none = await page({ after: await after(4), limit: 1 });
      expect(none).toMatchObject({ known: true, truncated: false, more: false, publications: [] });
    });

    it('says what is gone after a position, and only that', async () => {
      await driver.publish(ref, ...messages('1', '2', '3', '4', '5', '6', '7'));
      const first = await page({ after: await after(1), limit: 2 });
      expect(first).toMatchObject({ known: true, truncated: true, more: true });
      expect(offsetsOf(first)).toEqual([3, 4]);
      // Publication 2 was the last one that is gone.
      for (const offset of [2, 3, 6, 7]) {
        expect(await page({ after: await after(offset), limit: 1 })).toMatchObject({ known: true, truncated: false });
      }
      expect(await page({ limit: 1 })).toMatchObject({ known: false, truncated: false, more: true });
    });

    it('begins with the oldest for a position of another epoch or of the future, and begins no epoch for it', async () => {
      await driver.publish(ref, ...messages('1', '2'));
      const position = await present();
      for (const named of [
        { epoch: '0'.repeat(14), offset: 1 },
        { ...position, offset: 3 },
      ]) {
        fixture.clock.advance(1);
        const found = await page({ after: named, limit: 1 });
        expect(found).toMatchObject({ ...position, known: false, truncated: false, more: true });
        expect(offsetsOf(found)).toEqual([1]);
      }
    });

    it('gives what is left of an older epoch in the present one', async () => {
      await driver.publish(ref, ...messages('1', '2'));
      const before = await present();
      fixture.clock.advance(1);
      await fixture.brokers[0].history(driver.feed, [], { ...before, offset: 3 });
      const found = await page({ after: { ...before, offset: 1 } });
      expect(found.epoch > before.epoch).toBe(true);
      expect(found.known).toBe(false);
      expect(found.publications.map(({ epoch, offset }) => [epoch, offset])).toEqual([
        [found.epoch, 1],
        [found.epoch, 2],
      ]);
    });
  });
}
