import { HINT_PAUSE_MS } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { LEASE_MS, message, StoreDriver } from '../store/store-driver.js';

/** When sets are polled because of hints. */
export function describeHints(name: string, make: MakeStoreFixture): void {
  describe(`${name} with hints`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    beforeAll(async () => void (fixture = await make(USUAL_LIMITS)));
    beforeEach(() => void (driver = new StoreDriver(fixture)));
    afterAll(() => fixture.dispose());

    it('takes a hinted set for active', async () => {
      const ref = await driver.wantOneSet('a');
      await driver.publish(ref);
      fixture.clock.advance(3000);
      await fixture.registry.hint(driver.feed, ['a'], driver.now);
      expect(await driver.begin(ref)).toMatchObject({ activeAt: driver.now });
    });

    it('polls hinted tickets at once, and each set at most once per pause', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      await driver.publish(ref);
      const hint = (...caseIds: string[]) => fixture.registry.hint(driver.feed, caseIds, driver.now);
      expect(await hint('a', 'b', 'unknown')).toEqual([{ ref, at: driver.now }]);
      await driver.publish(ref);
      fixture.clock.advance(50);
      expect(await hint('b')).toEqual([{ ref, at: driver.now - 50 + HINT_PAUSE_MS }]);
      expect(await hint('a')).toEqual([]);
    });

    it('polls again after a poll that was in flight when the hint came', async () => {
      const ref = await driver.wantOneSet('a');
      const set = await driver.begin(ref);
      expect(await fixture.registry.hint(driver.feed, ['a'], driver.now)).toEqual([]);
      expect(await driver.commit(set, [], { backfilled: set.joining })).toMatchObject({ dueAt: driver.now });
      expect(await driver.commit(await driver.begin(ref), [])).toMatchObject({ dueAt: driver.now + 5000 });
    });

    it('polls again once, however many hints came while the poll was in flight', async () => {
      const ref = await driver.wantOneSet('a');
      const set = await driver.begin(ref);
      const first = driver.now;
      await fixture.registry.hint(driver.feed, ['a'], driver.now);
      fixture.clock.advance(50);
      await fixture.registry.hint(driver.feed, ['a'], driver.now);
      expect(await driver.commit(set, [], { backfilled: set.joining })).toMatchObject({ dueAt: first });
      expect(await driver.commit(await driver.begin(ref), [])).toMatchObject({ dueAt: driver.now + 5000 });
    });

    it('keeps a hint for the last part of a result that is committed in parts', async () => {
      const ref = await driver.wantOneSet('a');
      const set = await driver.begin(ref);
      await fixture.registry.hint(driver.feed, ['a'], driver.now);
      const extended = { lease: { kind: 'extend', until: driver.now + LEASE_MS }, due: undefined } as const;
      const part = await driver.commit(set, [message('a', '1')], extended);
      const fence = part.kind === 'committed' ? part.fence : -1;
      expect(await driver.commit({ ref, fence }, [message('a', '2')])).toMatchObject({ dueAt: driver.now });
    });

    it('keeps a hint that came during a poll that leaves the due time alone', async () => {
      const ref = await driver.wantOneSet('a');
      await driver.publish(ref);
      const set = await driver.begin(ref);
      expect(set.dueAt).toBeGreaterThan(driver.now);
      expect(await fixture.registry.hint(driver.feed, ['a'], driver.now)).toEqual([{ ref, at: driver.now }]);
      expect(await driver.commit(set, [], { due: undefined })).toMatchObject({ dueAt: driver.now });
    });

    it('counts a poll that begins after a hint as an answer to it', async () => {
      const ref = await driver.wantOneSet('a');
      await driver.begin(ref);
      await fixture.registry.hint(driver.feed, ['a'], driver.now);
      fixture.clock.advance(LEASE_MS);
      const set = await driver.begin(ref, 'other');
      expect(await driver.commit(set, [], { backfilled: set.joining })).toMatchObject({ dueAt: driver.now + 5000 });
    });
  });
}
