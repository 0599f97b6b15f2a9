import type { SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { describeHints } from './hint.contract.js';
import { describePacking } from './packing.contract.js';
import { INTEREST_MS, message, StoreDriver, status, text } from '../store/store-driver.js';

/** What every {@link InterestRegistry} must do. */
export function describeInterestRegistry(name: string, make: MakeStoreFixture): void {
  describe(`${name} as an interest registry`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    beforeAll(async () => void (fixture = await make(USUAL_LIMITS)));
    beforeEach(() => void (driver = new StoreDriver(fixture)));
    afterAll(() => fixture.dispose());

    const isGone = async (ref: SetRef) => (await driver.ask(ref, 'worker')).kind === 'gone';

    it('gives tickets one place, however often and by how many clients they are wanted', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      const again = await Promise.all([driver.want('b', 'c'), driver.want('c', 'a'), driver.want('a')]);
      expect(again.flat()).toEqual([]);
      const { joining } = await driver.begin(ref);
      expect([...joining].sort()).toEqual(['a', 'b', 'c']);
    });

    it('returns no set for tickets that are polled already', async () => {
      await driver.publish(await driver.wantOneSet('a'), message('a', 'x'));
      expect(await driver.want('a')).toEqual([]);
    });

    it('fills sets before it opens another', async () => {
      const tickets = Array.from({ length: 101 }, (_, index) => `t${index}`);
      const refs = await driver.want(...tickets);
      expect(new Set(refs.map((ref) => ref.id)).size).toBe(2);
      const sizes = await Promise.all(refs.map(async (ref) => (await driver.begin(ref)).joining.length));
      expect(sizes.sort((a, b) => a - b)).toEqual([1, 100]);
    });

    it('keeps feeds apart', async () => {
      const other = new StoreDriver(fixture);
      const [here, there] = [await driver.wantOneSet('a'), await other.wantOneSet('a')];
      expect(here.feed).not.toBe(there.feed);
      await driver.publish(here, message('a', 'here'));
      expect(await other.contents('a')).toEqual([]);
    });

    it('never shortens a lease', async () => {
      const ref = await driver.wantOneSet('a');
      await fixture.registry.want(driver.feed, ['a'], driver.now, driver.now + 1, 'renewal');
      fixture.clock.advance(INTEREST_MS - 1);
      expect(await fixture.registry.sweep(driver.feed, driver.now)).toBe(0);
      expect(await isGone(ref)).toBe(false);
    });

    it('takes tickets off when the last lease has run out, and ends a set that is empty', async () => {
      const ref = await driver.wantOneSet('leaves');
      fixture.clock.advance(INTEREST_MS / 2);
      await driver.want('stays');
      await driver.publish(ref);
      fixture.clock.advance(INTEREST_MS / 2 + 1);
      expect(await sweepAll()).toBe(1);
      expect(await driver.begin(ref)).toMatchObject({ members: ['stays'] });
      fixture.clock.advance(INTEREST_MS);
      expect(await sweepAll()).toBe(1);
      expect(await isGone(ref)).toBe(true);
      expect(await fixture.registry.overdue(driver.feed, driver.now + INTEREST_MS)).toEqual([]);
    });

    it('never uses the id of a set again', async () => {
      const first = await driver.wantOneSet('a');
      fixture.clock.advance(INTEREST_MS + 1);
      await sweepAll();
      const second = await driver.wantOneSet('a');
      expect(second.id).toBeGreaterThan(first.id);
      expect(await isGone(first)).toBe(true);
    });

    it('doubles nothing for a ticket that left and came back', async () => {
      const entries = [message('a', 'old'), status('a', 1)] as const;
      await driver.publish(await driver.wantOneSet('a'), ...entries);
      fixture.clock.advance(INTEREST_MS + 1);
      await sweepAll();
      const back = await driver.wantOneSet('a');
      expect(await driver.publish(back, ...entries, message('a', 'new'))).toMatchObject({ published: 1 });
      expect(await driver.contents('a')).toEqual([text('old'), 'status 1', text('new')]);
      const [ticket] = (await driver.history('a')).tickets;
      expect(ticket?.publications.map((one) => one.previous)).toEqual([0, 1, 2]);
    });

    it('publishes nothing of a ticket that left its set, and remembers nothing of it', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      await driver.publish(ref);
      await refuse(ref, 'a');
      await driver.commit(await driver.begin(ref), [message('a', 'x'), status('a', 1), message('b', 'y')]);
      expect([await driver.contents('a'), await driver.contents('b')]).toEqual([[], [text('y')]]);
    });

    it('names the sets that are late', async () => {
      const ref = await driver.wantOneSet('a');
      const { dueAt } = await driver.publish(ref);
      expect(await fixture.registry.overdue(driver.feed, dueAt - 1)).toEqual([]);
      expect(await fixture.registry.overdue(driver.feed, dueAt + 1)).toEqual([ref]);
    });

    async function refuse(ref: SetRef | undefined, caseId: string): Promise<void> {
      if (ref === undefined) throw new Error('there is no set to refuse a ticket of');
      const { fence } = await driver.begin(ref);
      await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection: null, quarantined: [caseId] });
    }

    /** Repeats bounded sweeps until nothing is left to do. */
    async function sweepAll(): Promise<number> {
      let left = 0;
      for (let step = -1; step !== 0; left += step) {
        step = await fixture.registry.sweep(driver.feed, driver.now);
      }
      return left;
    }
  });
  describeHints(name, make);
  describePacking(name, make);
}
