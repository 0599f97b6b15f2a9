import type { HistorySnapshot, HistoryWant, SetRef, TicketHistory } from '#core';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { describeBackfills } from './backfill.contract.js';
import { describePagesBefore } from './page-before.contract.js';
import { describePages } from './page.contract.js';
import { describeQuarantine } from './quarantine.contract.js';
import { describeReplays } from './replay.contract.js';
import { RecordingListener } from './recording-listener.js';
import { message, StoreDriver, status, text } from '../store/store-driver.js';

/** Publications that history keeps per ticket in this suite. */
const HISTORY_MAX = 5;

/** What every {@link Broker} must do, two gateways at one store. */
export function describeBroker(name: string, make: MakeStoreFixture): void {
  describe(`${name} as a broker`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    let here: RecordingListener;
    let there: RecordingListener;
    beforeEach(async () => {
      // One fixture per test: a broker has one listener, which must not get the events of another test.
      fixture = await make({ ...USUAL_LIMITS, historyMax: HISTORY_MAX });
      driver = new StoreDriver(fixture);
      [here, there] = [new RecordingListener(), new RecordingListener()];
      fixture.brokers[0].listen(here);
      fixture.brokers[1].listen(there);
    });
    afterEach(() => fixture.dispose());

    const messages = (...contents: string[]) => contents.map((content) => message('a', content));
    const read = async (want: Partial<HistoryWant>): Promise<TicketHistory | undefined> => {
      const wants = [{ caseId: 'a', atLeast: 0, after: null, ...want }];
      return (await fixture.brokers[0].history(driver.feed, wants, null)).tickets[0];
    };
    const offsetsOf = (history: TicketHistory | undefined) => history?.publications.map((one) => one.offset);

    describe('delivery', () => {
      it('brings each publication to every gateway that watches its ticket, in order', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        await Promise.all(fixture.brokers.map((broker) => broker.watch(driver.feed, ['a', 'b'])));
        await driver.publish(ref, message('a', '1'), message('b', '2'), status('a', 1));
        await Promise.all([here, there].map((one) => one.until(() => one.publications.length === 3)));
        const { epoch } = await driver.history('a');
        const seen = { seenAt: 2_000, epoch };
        const said = { kind: 'message', sentAt: 1_000, ...seen };
        expect(here.publications).toEqual([
          { ...said, caseId: 'a', message: text('1'), offset: 1, previous: 0 },
          { ...said, caseId: 'b', message: text('2'), offset: 2, previous: 0 },
          { kind: 'status', caseId: 'a', status: 1, ...seen, offset: 3, previous: 1 },
        ]);
        expect(there.publications).toEqual(here.publications);
      });

      it('brings nothing of tickets that are not watched, or not any more', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        await fixture.brokers[0].watch(driver.feed, ['a', 'b']);
        await fixture.brokers[0].unwatch(driver.feed, ['b']);
        await driver.publish(ref, message('b', 'unseen'), message('a', 'seen'));
        await here.until(() => here.publications.length > 0);
        await driver.history('a');
        expect(here.publications.map((one) => one.caseId)).toEqual(['a']);
        expect(there.publications).toEqual([]);
      });

      it('watches again what was unwatched a moment ago', async () => {
        const ref = await driver.wantOneSet('a');
        await fixture.brokers[0].watch(driver.feed, ['a']);
        await Promise.all([
          fixture.brokers[0].unwatch(driver.feed, ['a']),
          fixture.brokers[0].watch(driver.feed, ['a']),
        ]);
        await driver.publish(ref, message('a', '1'));
        await here.until(() => here.publications.length === 1);
        expect(here.publications[0]).toMatchObject({ caseId: 'a', offset: 1 });
      });

      it('chains the publications of each ticket', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        await fixture.brokers[0].watch(driver.feed, ['a', 'b']);
        await driver.publish(ref, message('a', '1'), message('b', '2'));
        await driver.publish(ref, message('b', '3'), message('a', '4'));
        await here.until(() => here.publications.length === 4);
        const chain = here.publications.map((one) => [one.caseId, one.offset, one.previous]);
        expect(chain).toEqual([
          ['a', 1, 0],
          ['b', 2, 0],
          ['b', 3, 2],
          ['a', 4, 1],
        ]);
      });
    });

    describe('history', () => {
      let ref: SetRef;
      beforeEach(async () => void (ref = await driver.wantOneSet('a')));

      it('is empty for a ticket without publications', async () => {
        const snapshot = await driver.history('never');
        const tickets = [{ caseId: 'never', publications: [], completeAfter: 0, exhausted: true }];
        expect(snapshot).toMatchObject({ offset: 0, upstream: { state: 'ok' }, tickets });
        expect(snapshot.epoch).toMatch(/^[0-9a-z]{8,24}$/);
      });

      it('gives publications unchanged', async () => {
        await fixture.brokers[0].watch(driver.feed, ['a']);
        await driver.publish(ref, ...messages('1', '2'), status('a', 1));
        const [ticket] = (await driver.history('a')).tickets;
        expect(ticket?.publications).toEqual(here.publications);
        expect(ticket).toMatchObject({ completeAfter: 0, exhausted: true });
      });

      it('gives as many of the last publications as are wanted', async () => {
        await driver.publish(ref, ...messages('1', '2', '3'));
        const two = await read({ atLeast: 2 });
        expect(offsetsOf(two)).toEqual([2, 3]);
        expect(two).toMatchObject({ completeAfter: 1, exhausted: false });
        const none = await read({ atLeast: 0 });
        expect(none).toMatchObject({ publications: [], completeAfter: 3, exhausted: false });
      });

      it('gives all after an offset, and the last publications besides', async () => {
        await driver.publish(ref, ...messages('1', '2', '3', '4'));
        expect(offsetsOf(await read({ after: 1 }))).toEqual([2, 3, 4]);
        expect(offsetsOf(await read({ after: 1, atLeast: 2 }))).toEqual([2, 3, 4]);
        expect(offsetsOf(await read({ after: 2, atLeast: 2 }))).toEqual([3, 4]);
        expect(offsetsOf(await read({ after: 3, atLeast: 2 }))).toEqual([3, 4]);
        const none = await read({ after: 4 });
        expect(none?.publications).toEqual([]);
        expect(none?.completeAfter).toBeLessThanOrEqual(4);
      });

      it('is complete after the offset that was asked for, unless it says what is gone', async () => {
        await driver.publish(ref, ...messages('1', '2', '3', '4'));
        expect((await read({ after: 2 }))?.completeAfter).toBeLessThanOrEqual(2);
        await driver.publish(ref, ...messages('5', '6', '7'));
        const trimmed = await read({ after: 0 });
        expect(offsetsOf(trimmed)).toEqual([3, 4, 5, 6, 7]);
        expect(trimmed).toMatchObject({ completeAfter: 2, exhausted: true });
      });

      it('is complete after an offset behind which only other tickets have news', async () => {
        await driver.want('b');
        await driver.publish(ref, message('a', '1'), message('b', '2'), message('b', '3'));
        const nothing = await read({ after: 1 });
        expect(nothing?.publications).toEqual([]);
        expect(nothing?.completeAfter).toBeLessThanOrEqual(1);
      });

      it('trims to its bound within one commit, too', async () => {
        await driver.publish(ref, ...messages('1', '2', '3', '4', '5', '6', '7', '8'));
        const kept = await read({ atLeast: 1000 });
        expect(offsetsOf(kept)).toEqual([4, 5, 6, 7, 8]);
        expect(kept).toMatchObject({ completeAfter: 3, exhausted: true });
      });

      it('trims to its bound when they come one by one, and says what is gone from the first one on', async () => {
        for (let count = 1; count <= HISTORY_MAX + 3; count += 1) {
          await driver.publish(ref, count % 2 === 0 ? status('a', count) : message('a', `${count}`));
          const gone = Math.max(0, count - HISTORY_MAX);
          const kept = await read({ atLeast: 1000 });
          expect(offsetsOf(kept)).toEqual(Array.from({ length: count - gone }, (_, index) => gone + 1 + index));
          expect(kept).toMatchObject({ completeAfter: gone, exhausted: true });
        }
      });

      it('counts one offset for the whole feed, without a hole', async () => {
        await driver.want('b');
        await driver.publish(ref, message('a', '1'), message('b', '1'), message('b', '1'), message('a', '2'));
        await driver.publish(ref, message('a', '2'), message('b', '2'));
        const { offset, tickets } = await driver.history('a', 'b');
        expect(offset).toBe(4);
        expect(tickets.map(offsetsOf)).toEqual([
          [1, 3],
          [2, 4],
        ]);
      });

      it('begins a new epoch if the caller knows of more than there is, once, and keeps what there is', async () => {
        await driver.publish(ref, ...messages('1', '2'));
        const before = await driver.history('a');
        const want = { caseId: 'a', atLeast: 9, after: null };
        const ask = (offset: number) =>
          fixture.brokers[0].history(driver.feed, [want], { epoch: before.epoch, offset });
        expect((await ask(2)).epoch).toBe(before.epoch);
        fixture.clock.advance(1);
        const after = await ask(3);
        expect(after.epoch > before.epoch).toBe(true);
        expect(after.tickets[0]?.publications.map(({ epoch, offset }) => [epoch, offset])).toEqual([
          [after.epoch, 1],
          [after.epoch, 2],
        ]);
        expect((await ask(3)).epoch).toBe(after.epoch);
        await driver.publish(ref, message('a', '3'));
        expect(await driver.history('a')).toMatchObject({ epoch: after.epoch, offset: 3 });
      });

      it('begins a new epoch for the claim of a client that has seen more than there is', async () => {
        await driver.publish(ref, ...messages('1', '2'));
        const before = await driver.history('a');
        const ask = async (epoch: string, offset: number) => {
          fixture.clock.advance(1);
          const wants = ['a', 'b'].map((caseId) => ({ caseId, atLeast: 9, after: null }));
          const claims = wants.map((want, at) => (at === 0 ? { ...want, claim: { epoch, offset } } : want));
          return (await fixture.brokers[0].history(driver.feed, claims, null)).epoch;
        };
        expect(await ask(before.epoch, 2)).toBe(before.epoch);
        expect(await ask('0'.repeat(14), 9)).toBe(before.epoch);
        const after = await ask(before.epoch, 3);
        expect(after > before.epoch).toBe(true);
        expect(await ask(before.epoch, 3)).toBe(after);
        // It is signed, so it is as good as what a worker or a gateway has seen.
        expect((await ask(after, 3)) > after).toBe(true);
      });

      it('resolves after everything that it contains has reached the listener', async () => {
        await fixture.brokers[1].watch(driver.feed, ['a']);
        const snapshots: { readonly snapshot: HistorySnapshot; readonly arrived: number }[] = [];
        const publishing = (async () => {
          for (let count = 0; count < 20; count += 1) {
            await driver.publish(ref, message('a', `m${count}`), message('a', `n${count}`));
          }
        })();
        for (let count = 0; count < 20; count += 1) {
          const want = { caseId: 'a', atLeast: 1, after: null };
          const snapshot = await fixture.brokers[1].history(driver.feed, [want], null);
          snapshots.push({ snapshot, arrived: there.publications.at(-1)?.offset ?? 0 });
        }
        await publishing;
        expect(snapshots).toHaveLength(20);
        for (const { snapshot, arrived } of snapshots) {
          expect(arrived).toBeGreaterThanOrEqual(snapshot.offset);
        }
      });
    });

    describe('upstream state', () => {
      it('is told once when a feed is degraded, and once when it is ok again', async () => {
        const ref = await driver.wantOneSet('a');
        await fixture.brokers[0].watch(driver.feed, ['a']);
        await driver.fail(ref, 'malformed');
        const since = driver.now + 50;
        expect((await driver.history('a')).upstream.state).toBe('ok');
        fixture.clock.advance(50);
        await driver.fail(ref, 'timeout');
        const degraded = { state: 'degraded', reason: 'upstream_timeout', since };
        expect((await driver.history('a')).upstream).toEqual(degraded);
        await driver.fail(ref, 'malformed');
        fixture.clock.advance(50);
        await driver.publish(ref);
        await driver.publish(ref);
        await here.until(() => here.states.length >= 2);
        const ok = { state: 'ok', since: driver.now };
        expect((await driver.history('a')).upstream).toEqual(ok);
        expect(here.states).toEqual([degraded, ok]);
        expect(there.states).toEqual([]);
      });

      it('is ok again only when no set fails any more', async () => {
        const refs = await driver.want(...Array.from({ length: 101 }, (_, index) => `t${index}`));
        for (const ref of refs) {
          await driver.fail(ref);
          await driver.fail(ref);
        }
        const [first, second] = refs;
        if (first === undefined || second === undefined) {
          throw new Error('expected two sets');
        }
        await driver.publish(first);
        expect((await driver.history('a')).upstream.state).toBe('degraded');
        await driver.publish(second);
        expect((await driver.history('a')).upstream.state).toBe('ok');
      });
    });
  });
  describeBackfills(name, make);
  describePages(name, make);
  describePagesBefore(name, make);
  describeReplays(name, make);
  describeQuarantine(name, make);
}
