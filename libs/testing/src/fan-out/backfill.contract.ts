import type { SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { message, StoreDriver, status } from '../store/store-driver.js';
import { RecordingListener } from './recording-listener.js';

/** How a broker tells that a ticket's first poll is complete, and what it knows of its read status. */
export function describeBackfills(name: string, make: MakeStoreFixture): void {
  describe(`${name} with first polls`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    let ref: SetRef;
    let listener: RecordingListener;
    beforeEach(async () => {
      fixture = await make(USUAL_LIMITS);
      driver = new StoreDriver(fixture);
      listener = new RecordingListener();
      fixture.brokers[0].listen(listener);
      await fixture.brokers[0].watch(driver.feed, ['a', 'b']);
      ref = await driver.wantOneSet('a', 'b');
    });
    afterEach(() => fixture.dispose());

    it('names the tickets that wait for theirs, and tells that it is complete behind what it found', async () => {
      expect((await driver.history('a', 'b', 'never')).pending).toEqual(['a', 'b']);
      const set = await driver.begin(ref);
      await driver.commit(set, [message('a', '1')], { backfilled: ['a'] });
      await listener.until(() => listener.backfills.length > 0);
      expect([listener.backfills, listener.publications.length]).toEqual([['a'], 1]);
      expect((await driver.history('a', 'b')).pending).toEqual(['b']);
    });

    it('tells it once, and again only after the ticket had left', async () => {
      await driver.publish(ref);
      await listener.until(() => listener.backfills.length === 2);
      await driver.publish(ref, message('b', '1'));
      await listener.until(() => listener.publications.length === 1);
      expect(listener.backfills.toSorted()).toEqual(['a', 'b']);
    });

    it('gives the read status as of a history', async () => {
      const statusOf = async () => (await driver.history('a')).tickets[0]?.readStatus;
      expect(await statusOf()).toBeNull();
      await driver.publish(ref, status('a', 0), message('a', '1'));
      expect(await statusOf()).toBe(0);
      await driver.publish(ref, status('a', 1));
      expect(await statusOf()).toBe(1);
    });
  });
}
