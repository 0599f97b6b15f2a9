import { QUARANTINE_FIRST_MS, type CaseId, type Bisection, type SetRef } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { RecordingListener } from './recording-listener.js';
import { LEASE_MS, message, StoreDriver, text } from '../store/store-driver.js';

const SEARCH: Bisection = {
  suspects: ['a', 'b'],
  cleared: ['c'],
  since: 1000,
  alone: { at: 2000, others: 'refused' },
};

/** What a store does with tickets that the upstream refuses. */
export function describeQuarantine(name: string, make: MakeStoreFixture): void {
  describe(`${name} with refused tickets`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    let listener: RecordingListener;
    beforeEach(async () => {
      fixture = await make(USUAL_LIMITS);
      driver = new StoreDriver(fixture);
      listener = new RecordingListener();
      fixture.brokers[0].listen(listener);
    });
    afterEach(() => fixture.dispose());

    async function recordBisection(ref: SetRef, bisection: Bisection | null, ...quarantined: CaseId[]): Promise<void> {
      const { fence } = await driver.begin(ref);
      await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection, quarantined });
    }

    /** Lets time pass while all tickets stay wanted, and sweeps. */
    async function pass(ms: number, ...wanted: CaseId[]): Promise<SetRef[]> {
      fixture.clock.advance(ms);
      await driver.want(...wanted);
      await fixture.registry.sweep(driver.feed, driver.now);
      return fixture.registry.overdue(driver.feed, driver.now + 1);
    }

    it('keeps a bisection with the set until it is over, and frees the set', async () => {
      const ref = await driver.wantOneSet('a', 'b', 'c');
      const { dueAt } = await driver.publish(ref);
      await recordBisection(ref, SEARCH);
      expect(await driver.begin(ref)).toMatchObject({ bisection: SEARCH, dueAt, failures: 0 });
      fixture.clock.advance(LEASE_MS);
      await driver.commit(await driver.begin(ref), []);
      const next = { ...SEARCH, suspects: ['b'] };
      await driver.commit(await driver.begin(ref), [], { bisection: next });
      expect((await driver.begin(ref)).bisection).toEqual(next);
      fixture.clock.advance(LEASE_MS);
      await driver.commit(await driver.begin(ref), [], { bisection: null });
      expect((await driver.begin(ref)).bisection).toBeNull();
    });

    it('changes nothing with a stale fence', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      const { fence } = await driver.begin(ref);
      await driver.commit({ ref, fence }, []);
      await fixture.store.recordBisection({ ref, fence, now: driver.now, bisection: SEARCH, quarantined: ['a'] });
      expect(await driver.begin(ref)).toMatchObject({ joining: ['a', 'b'], bisection: null });
      expect((await driver.history('a')).quarantined).toEqual([]);
    });

    it('discards the result of a poll that a refusal overtook', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      const slow = await driver.begin(ref);
      fixture.clock.advance(LEASE_MS);
      await recordBisection(ref, null, 'a');
      expect(await driver.commit(slow, [message('a', 'x')])).toEqual({ kind: 'conflict' });
    });

    it('counts a retry as a failure that is not told', async () => {
      const ref = await driver.wantOneSet('a', 'b', 'c', 'd');
      await driver.publish(ref);
      for (const caseId of ['a', 'b', 'c']) {
        const { fence } = await driver.begin(ref);
        const retry = { at: driver.now + 700 };
        await fixture.store.recordBisection({
          ref,
          fence,
          now: driver.now,
          bisection: null,
          quarantined: [caseId],
          retry,
        });
      }
      expect(await driver.begin(ref)).toMatchObject({ members: ['d'], failures: 3, dueAt: driver.now + 700 });
      expect((await driver.history('a')).upstream.state).toBe('ok');
    });

    it('tells gateways when the quarantine of a ticket begins and ends', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      await driver.publish(ref, message('a', 'before'));
      await fixture.brokers[0].watch(driver.feed, ['a', 'b']);
      await recordBisection(ref, null, 'a');
      await listener.until(() => listener.quarantined.length === 1);
      expect((await driver.history('a', 'b')).quarantined).toEqual(['a']);
      expect(await driver.contents('a')).toEqual([text('before')]);
      const back = (await pass(QUARANTINE_FIRST_MS, 'a', 'b')).find(({ id }) => id !== ref.id) ?? ref;
      expect(await driver.begin(back)).toMatchObject({ members: [], joining: ['a'], dueAt: driver.now });
      expect((await driver.history('a')).quarantined).toEqual(['a']);
      fixture.clock.advance(LEASE_MS);
      await driver.publish(back, message('a', 'before'), message('a', 'after'));
      await listener.until(() => listener.quarantined.length === 2);
      expect(listener.quarantined).toEqual([
        { caseId: 'a', quarantined: true },
        { caseId: 'a', quarantined: false },
      ]);
      expect((await driver.history('a', 'b')).quarantined).toEqual([]);
      expect(await driver.contents('a')).toEqual([text('before'), text('after')]);
    });

    it('gives a quarantined ticket no place, even if a client wants it', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      await driver.publish(ref);
      await recordBisection(ref, null, 'a');
      expect(await driver.want('a')).toEqual([]);
      expect(await driver.begin(ref)).toMatchObject({ members: ['b'], joining: [] });
    });

    it('ends a set whose last ticket is quarantined', async () => {
      const ref = await driver.wantOneSet('a');
      await recordBisection(ref, null, 'a');
      expect(await driver.ask(ref, 'worker')).toEqual({ kind: 'gone' });
    });

    it('leaves a ticket alone for twice as long when it is refused again, and tells it once', async () => {
      await fixture.brokers[0].watch(driver.feed, ['a']);
      await recordBisection(await driver.wantOneSet('a'), null, 'a');
      const [again] = await pass(QUARANTINE_FIRST_MS, 'a');
      if (again === undefined) {
        throw new Error('the ticket did not come back');
      }
      await recordBisection(again, null, 'a');
      expect(await pass(2 * QUARANTINE_FIRST_MS - 1, 'a')).toEqual([]);
      expect(await pass(1, 'a')).toHaveLength(1);
      expect((await driver.history('a')).quarantined).toEqual(['a']);
      expect(listener.quarantined).toEqual([{ caseId: 'a', quarantined: true }]);
    });

    it('forgets a quarantined ticket that nobody wants any more when its time has passed', async () => {
      await recordBisection(await driver.wantOneSet('a'), null, 'a');
      const [stagingSet, ...others] = await pass(QUARANTINE_FIRST_MS, 'other');
      expect(others).toEqual([]);
      expect((await driver.history('a')).quarantined).toEqual([]);
      await driver.want('a');
      expect(stagingSet && (await driver.begin(stagingSet)).joining).toEqual(['other', 'a']);
    });

    it('begins with the shortest quarantine again for a ticket that nobody wanted meanwhile', async () => {
      await recordBisection(await driver.wantOneSet('a'), null, 'a');
      const [stagingSet] = await pass(QUARANTINE_FIRST_MS, 'other');
      if (stagingSet === undefined) throw new Error('there is no set of the other ticket');
      await driver.want('a');
      await recordBisection(stagingSet, null, 'a');
      const isBack = async (ms: number) =>
        (await pass(ms, 'a', 'other')).filter(({ id }) => id !== stagingSet.id).length === 1;
      expect([await isBack(QUARANTINE_FIRST_MS - 1), await isBack(1)]).toEqual([false, true]);
    });

    it('gives a ticket one set for its new try, however often the feed is swept', async () => {
      await recordBisection(await driver.wantOneSet('a'), null, 'a');
      const [back, ...others] = await pass(QUARANTINE_FIRST_MS, 'a');
      expect([await pass(1, 'a'), await pass(1000, 'a'), others]).toEqual([[back], [back], []]);
    });

    it('brings a ticket back that left while it was polled by itself', async () => {
      await recordBisection(await driver.wantOneSet('a'), null, 'a');
      expect(await pass(QUARANTINE_FIRST_MS, 'a')).toHaveLength(1);
      await pass(QUARANTINE_FIRST_MS, 'other');
      const [back] = await pass(1000, 'a', 'other');
      expect(back).toBeDefined();
      expect((await driver.history('a')).quarantined).toEqual([]);
    });

    it('lets no new ticket wait for a bisection, and changes no set with one', async () => {
      const ref = await driver.wantOneSet('a', 'b');
      await recordBisection(ref, { ...SEARCH, cleared: [] });
      const stagingSet = await driver.wantOneSet('d');
      expect(stagingSet.id).not.toBe(ref.id);
      await driver.publish(stagingSet);
      expect(await driver.begin(ref)).toMatchObject({ joining: ['a', 'b'] });
    });

    it('tells that a ticket is unknown which comes back for a new try, unless something of it was published', async () => {
      const ref = await driver.wantOneSet('a', 'b', 'c');
      await driver.publish(ref, message('b', '1'));
      await recordBisection(ref, null, 'a', 'b');
      await pass(QUARANTINE_FIRST_MS, 'a', 'b', 'c');
      const refs = await fixture.registry.overdue(driver.feed, driver.now + 1);
      const retried = await Promise.all(refs.filter(({ id }) => id !== ref.id).map((one) => driver.begin(one)));
      expect(retried.map(({ joining, isUnknown }) => [joining, isUnknown])).toEqual([
        [['a'], true],
        [['b'], false],
      ]);
      expect((await driver.begin(ref)).isUnknown).toBe(false);
    });
  });
}
