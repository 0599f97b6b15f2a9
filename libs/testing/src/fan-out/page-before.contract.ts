import type { MessageClass, MessageIdentity, PageBeforeWant, SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { message, StoreDriver, status } from '../store/store-driver.js';

/** Publications that history keeps per ticket in this suite. */
const HISTORY_MAX = 5;

/** How a broker gives a history backwards, and where it remembers messages that history does not keep. */
export function describePagesBefore(name: string, make: MakeStoreFixture): void {
  describe(`${name} with pages that go back`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    let ref: SetRef;
    beforeEach(async () => {
      fixture = await make({ ...USUAL_LIMITS, historyMax: HISTORY_MAX });
      driver = new StoreDriver(fixture);
      ref = await driver.wantOneSet('a', 'b');
    });
    afterEach(() => fixture.dispose());

    const read = (want: Partial<PageBeforeWant> = {}) =>
      fixture.brokers[0].pageBefore(driver.feed, { caseId: 'a', before: null, limit: 9, ...want });
    const offsets = async (want: Partial<PageBeforeWant> = {}) => {
      const { publications, more } = await read(want);
      return [publications.map(({ offset }) => offset), more];
    };
    const at = async (offset: number) => ({ epoch: (await read()).epoch, offset });
    const deliveredAt = (caseId: string, ...given: [identity: string, ofClass?: string][]) => {
      const names = given.map(([identity, ofClass = null]) => ({
        identity: identity as MessageIdentity,
        class: ofClass as MessageClass | null,
      }));
      return fixture.brokers[0].deliveredAt(driver.feed, caseId, names);
    };

    it('gives nothing of a ticket without publications, and says whether it is wanted', async () => {
      const nothing = { offset: 0, known: false, publications: [], more: false, begins: null, oldest: null };
      expect(await read()).toMatchObject({ ...nothing, isWanted: true });
      expect(await read({ caseId: 'never' })).toMatchObject({ ...nothing, isWanted: false });
    });

    it('gives the newest before a position, and where history begins', async () => {
      await driver.publish(
        ref,
        status('a', 1),
        ...['1', '2', '3'].map((each) => message('a', each)),
        message('b', '4'),
      );
      expect(await offsets()).toEqual([[1, 2, 3, 4], false]);
      expect(await offsets({ limit: 2 })).toEqual([[3, 4], true]);
      expect(await offsets({ limit: 2, before: await at(4) })).toEqual([[2, 3], true]);
      expect(await offsets({ limit: 2, before: await at(1) })).toEqual([[], false]);
      expect(await read({ before: await at(4) })).toMatchObject({ known: true, begins: 1, oldest: { offset: 2 } });
      await driver.publish(ref, ...['5', '6', '7'].map((each) => message('a', each)));
      expect(await read()).toMatchObject({ begins: 3, oldest: { offset: 3, kind: 'message' } });
    });

    it('ends with the newest for a position that the epoch did not give', async () => {
      await driver.publish(ref, message('a', '1'), message('a', '2'));
      for (const before of [{ epoch: '0'.repeat(14), offset: 1 }, await at(3)]) {
        expect(await read({ before, limit: 1 })).toMatchObject({ known: false, publications: [{ offset: 2 }] });
      }
    });

    it('knows at which offsets messages were delivered that history does not keep', async () => {
      await driver.publish(ref, ...Array.from({ length: 8 }, (_, n) => message('a', `m${n}`)));
      expect(await deliveredAt('a', ['m0.1'], ['m7.1'], ['never.1'])).toMatchObject({ offsets: [1, 8, null] });
      expect(await deliveredAt('b', ['m0.1'])).toMatchObject({ offsets: [null] });
      expect(await deliveredAt('a')).toMatchObject({ offsets: [] });
    });

    it('says with them what history is at that instant', async () => {
      expect(await deliveredAt('a', ['m0.1'])).toMatchObject({ begins: null, offsets: [null] });
      await driver.publish(ref, ...Array.from({ length: 8 }, (_, n) => message('a', `m${n}`)));
      const { epoch } = await read();
      expect(await deliveredAt('a', ['m0.1'])).toEqual({ epoch, begins: 4, offsets: [1] });
      expect(await deliveredAt('b')).toEqual({ epoch, begins: null, offsets: [] });
    });

    it('H7: finds messages in another form by their class, as many as were delivered', async () => {
      // As long as the digests that classes are.
      const [k, l] = ['k'.repeat(43), 'l'.repeat(43)] as const;
      await driver.publish(ref, message('a', 'x', 1, k), message('a', 'x', 2, k), message('a', 'y', 1, l));
      const found = await deliveredAt('a', ['x.2', k], ['z.1', k], ['z.2', k], ['w.1', l]);
      expect(found).toMatchObject({ offsets: [2, 1, null, 3] });
      const others = await deliveredAt('a', ['z.1', k], ['z.2', k]);
      expect(others).toMatchObject({ offsets: [1, 2] });
    });
  });
}
