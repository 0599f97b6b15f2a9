import type { JsonText } from '#core';
import { describeSetLeases } from './set-lease.contract.js';
import { USUAL_LIMITS, type MakeStoreFixture, type StoreFixture } from '../store/store-fixture.js';
import { INTEREST_MS, LEASE_MS, message, StoreDriver, status, text } from '../store/store-driver.js';

/** What every {@link SetStore} must do; `libs/redis` and the in-memory one run the same suite. */
export function describeSetStore(name: string, make: MakeStoreFixture): void {
  describe(`${name} as a set store`, () => {
    let fixture: StoreFixture;
    let driver: StoreDriver;
    beforeAll(async () => void (fixture = await make(USUAL_LIMITS)));
    beforeEach(() => void (driver = new StoreDriver(fixture)));
    afterAll(() => fixture.dispose());

    describe('begin', () => {
      it('gives a new set without a cursor history', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        const set = await driver.begin(ref);
        expect(set).toMatchObject({ ref, members: [], cursorHistory: null, answerDigest: null, failures: 0 });
        expect([...set.joining].sort()).toEqual(['a', 'b']);
      });

      it('answers gone for a set that never existed', async () => {
        const { id } = await driver.wantOneSet('a');
        const unknown = { feed: driver.feed, id: id + 1 };
        expect(await driver.ask(unknown, 'worker')).toEqual({ kind: 'gone' });
      });
    });

    describe('commit', () => {
      it('tells when the members of a set were last answered for, and no other poll does', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        const times = () => fixture.registry.answeredAt(driver.feed, ['b', 'unknown', 'a']);
        expect(await times()).toEqual([null, null, null]);
        await driver.publish(ref, message('a', '1'));
        const first = driver.now;
        expect(await times()).toEqual([first, null, first]);
        fixture.clock.advance(1000);
        await driver.commit(await driver.begin(ref), [], { due: undefined });
        await driver.fail(ref);
        expect(await times()).toEqual([first, null, first]);
        await driver.publish(ref);
        expect(await times()).toEqual([first + 1000, null, first + 1000]);
      });

      it('keeps the last status of each ticket', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        const statuses = () => fixture.registry.statuses(driver.feed, ['b', 'unknown', 'a']);
        expect(await statuses()).toEqual([null, null, null]);
        await driver.publish(ref, status('a', 0), status('b', 1));
        await driver.publish(ref, status('a', 1));
        expect(await statuses()).toEqual([1, null, 1]);
      });

      it('publishes, advances the fence and frees the set', async () => {
        const ref = await driver.wantOneSet('a');
        const set = await driver.begin(ref);
        const committed = await driver.commit(set, [message('a', 'hello')], { backfilled: ['a'] });
        const dueAt = driver.now + 1000;
        const fence = committed.kind === 'committed' ? committed.fence : 0;
        expect(fence).toBeGreaterThan(set.fence);
        expect(committed).toEqual({
          kind: 'committed',
          fence,
          published: 1,
          dueAt,
          reserved: false,
          joining: false,
        });
        expect(await driver.contents('a')).toEqual([text('hello')]);
        const next = await driver.begin(ref);
        expect(next).toMatchObject({ members: ['a'], joining: [], dueAt });
        expect(next.fence).toBeGreaterThan(fence);
      });

      it('keeps what the poll taught', async () => {
        const ref = await driver.wantOneSet('a');
        const cursorHistory = { head: '9007199254740993', polledAt: 5, samples: [[4, '9007199254740993'] as const] };
        const learned = { cursorHistory, answerDigest: 'digest', order: 'newest_first' as const };
        await driver.commit(await driver.begin(ref), [], { backfilled: ['a'], learned });
        await driver.publish(ref);
        expect(await driver.begin(ref)).toMatchObject(learned);
      });

      it('uses the active due time after news and the idle one without news', async () => {
        const ref = await driver.wantOneSet('a');
        const born = driver.now;
        fixture.clock.advance(100);
        expect((await driver.publish(ref)).dueAt).toBe(driver.now + 5000);
        const idle = await driver.begin(ref);
        expect(idle).toMatchObject({ activeAt: born, dueAt: driver.now + 5000 });
        await driver.commit(idle, [message('a', 'hello')]);
        expect(await driver.begin(ref)).toMatchObject({ activeAt: driver.now, dueAt: driver.now + 1000 });
      });

      it('tells that nothing is known of any ticket, from an answer without anything on, until one shows something', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        const later = async () => {
          fixture.clock.advance(USUAL_LIMITS.intervalMs);
          return driver.begin(await driver.wantOneSet('later'));
        };
        const isUnknown = async () => {
          fixture.clock.advance(LEASE_MS);
          return (await driver.begin(ref)).isUnknown;
        };
        expect(await isUnknown()).toBe(true); // The feed is new.
        await driver.publish(ref);
        expect((await later()).isUnknown).toBe(false);
        await driver.publish(ref);
        expect(await isUnknown()).toBe(true);
        await driver.publish(ref, status('b', 1));
        expect(await isUnknown()).toBe(false);
        await driver.publish(ref);
        expect(await isUnknown()).toBe(false);
      });

      it('tells of which tickets nothing was published', async () => {
        const ref = await driver.wantOneSet('a', 'b', 'c');
        const unknown = () => fixture.registry.unknown(driver.feed, ['c', 'never', 'b', 'a']);
        expect(await unknown()).toEqual(['c', 'never', 'b', 'a']);
        await driver.publish(ref, message('a', '1'), status('b', 1));
        expect(await unknown()).toEqual(['c', 'never']);
      });

      it('lets exactly one of many commits from one fence through', async () => {
        const set = await driver.begin(await driver.wantOneSet('a'));
        const commits = ['1', '2', '3', '4', '5'].map((content) => driver.commit(set, [message('a', content)]));
        const kinds = (await Promise.all(commits)).map((committed) => committed.kind);
        expect(kinds.sort()).toEqual(['committed', 'conflict', 'conflict', 'conflict', 'conflict']);
        expect(await driver.contents('a')).toHaveLength(1);
      });

      it('publishes an identity once, however often and by which worker it is committed', async () => {
        const ref = await driver.wantOneSet('a');
        expect(await driver.publish(ref, message('a', 'x'), message('a', 'x'))).toMatchObject({ published: 1 });
        expect(await driver.publish(ref, message('a', 'x'), message('a', 'y'))).toMatchObject({ published: 1 });
        expect(await driver.contents('a')).toEqual([text('x'), text('y')]);
      });

      it('publishes the text of a message as it is, whatever is in it', async () => {
        const texts = [
          '{"id":9007199254740993,"price":1.10,"big":123456789012345678901234567890}',
          '{"content":"\\"quoted\\" \\\\ \\u0000 \\ud800 \\n \u2028 \u{1f600} 中文"}',
          '{}',
          '[]',
          'null',
          '""',
        ] as JsonText[];
        const entries = texts.map((raw, at) => ({ ...message('a', `text ${at}`), message: raw }));
        await driver.publish(await driver.wantOneSet('a'), ...entries);
        expect(await driver.contents('a')).toEqual(texts);
      });

      it('publishes a message whose time could not be read', async () => {
        await driver.publish(await driver.wantOneSet('a'), { ...message('a', 'x'), sentAt: null, seenAt: 1.5 });
        const [ticket] = (await driver.history('a')).tickets;
        expect(ticket?.publications).toMatchObject([{ sentAt: null, message: text('x') }]);
      });

      it('publishes two equal messages twice', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.publish(ref, message('a', 'same', 1), message('a', 'same', 2));
        expect(await driver.contents('a')).toEqual([text('same'), text('same')]);
      });

      it('publishes a message once, whatever form it comes in', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.publish(ref, message('a', 'old form', 1, 'C'));
        expect(await driver.publish(ref, message('a', 'new form', 1, 'C'))).toMatchObject({ published: 0 });
        expect(await driver.publish(ref, message('a', 'old form', 1, 'C'))).toMatchObject({ published: 0 });
        expect(await driver.publish(ref, message('a', 'third form', 1, 'C'))).toMatchObject({ published: 0 });
        expect(await driver.publish(ref, message('a', 'third form', 1, 'D'))).toMatchObject({ published: 1 });
        expect(await driver.contents('a')).toEqual([text('old form'), text('third form')]);
      });

      it('publishes as many messages of a class as there are, whatever form each comes in', async () => {
        const ref = await driver.wantOneSet('a');
        const both = [message('a', 'x', 1, 'C'), message('a', 'x', 2, 'C')];
        expect(await driver.publish(ref, message('a', 'X', 1, 'C'))).toMatchObject({ published: 1 });
        expect(await driver.publish(ref, ...both)).toMatchObject({ published: 1 });
        expect(await driver.publish(ref, ...both)).toMatchObject({ published: 0 });
        const mixed = [message('a', 'X', 1, 'C'), message('a', 'X', 2, 'C'), message('a', 'x', 1, 'C')];
        expect(await driver.publish(ref, ...mixed)).toMatchObject({ published: 1 });
        expect(await driver.publish(ref, ...mixed)).toMatchObject({ published: 0 });
      });

      it('publishes what is new in a class, and not what was delivered in the same form', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.publish(ref, message('a', 'later', 1, 'C'));
        const both = [message('a', 'earlier', 1, 'C'), message('a', 'later', 1, 'C')];
        expect(await driver.publish(ref, ...both)).toMatchObject({ published: 1 });
        expect(await driver.contents('a')).toEqual([text('later'), text('earlier')]);
      });

      it('keeps equal classes of different tickets apart, and classes of which one begins like the other', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        await driver.publish(ref, message('a', 'x', 1, 'CC'), message('a', 'y', 1, 'DC'));
        const others = [message('b', 'X', 1, 'CC'), message('a', 'X', 1, 'C'), message('a', 'Y', 1, 'D')];
        expect(await driver.publish(ref, ...others)).toMatchObject({ published: 3 });
      });

      it('learns the class of a message that a release without classes delivered', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.publish(ref, message('a', 'x', 1), message('a', 'x', 2));
        const both = (form: string) => [message('a', form, 1, 'C'), message('a', form, 2, 'C')];
        expect(await driver.publish(ref, ...both('x'))).toMatchObject({ published: 0 });
        expect(await driver.publish(ref, ...both('X'))).toMatchObject({ published: 0 });
        expect(await driver.publish(ref, message('a', 'x', 1), message('a', 'x', 2))).toMatchObject({ published: 0 });
      });

      it('keeps equal identities of different tickets apart', async () => {
        const ref = await driver.wantOneSet('a', 'b');
        expect(await driver.publish(ref, message('a', 'x'), message('b', 'x'))).toMatchObject({ published: 2 });
      });

      it('publishes a status only when it changed', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.publish(ref, status('a', 0), status('a', 0));
        await driver.publish(ref, status('a', 0));
        await driver.publish(ref, status('a', 1));
        await driver.publish(ref, status('a', 0));
        expect(await driver.contents('a')).toEqual(['status 0', 'status 1', 'status 0']);
      });

      it('leaves tickets that join during a poll to a poll of their own', async () => {
        const ref = await driver.wantOneSet('a');
        const set = await driver.begin(ref);
        const [stagingSet] = await driver.want('b');
        expect(await driver.commit(set, [], { backfilled: set.joining })).toMatchObject({ joining: false });
        expect(await driver.begin(ref)).toMatchObject({ members: ['a'], joining: [] });
        expect(await driver.begin(stagingSet ?? ref)).toMatchObject({ members: [], joining: ['b'] });
      });

      it('answers gone if the set ended during the poll', async () => {
        const set = await driver.begin(await driver.wantOneSet('a'));
        fixture.clock.advance(INTEREST_MS + 1);
        await fixture.registry.sweep(driver.feed, driver.now);
        expect(await driver.commit(set, [message('a', 'x')])).toEqual({ kind: 'gone' });
      });
    });

    describe('fail', () => {
      it('frees the set for other workers, and takes no result of the poll that failed', async () => {
        const ref = await driver.wantOneSet('a');
        const set = await driver.begin(ref, 'one');
        await fixture.store.fail({ ref, fence: set.fence, now: driver.now, code: 'timeout', dueAt: driver.now + 700 });
        expect(await driver.commit(set, [message('a', 'x')])).toEqual({ kind: 'conflict' });
        expect(await driver.ask(ref, 'other')).toMatchObject({ kind: 'begun' });
      });

      it('counts failures in a row, frees the set and moves its time', async () => {
        const ref = await driver.wantOneSet('a');
        await driver.fail(ref);
        await driver.fail(ref);
        const failed = await driver.begin(ref);
        expect(failed).toMatchObject({ failures: 2, dueAt: driver.now + 700 });
        await driver.commit(failed, []);
        expect(await driver.begin(ref)).toMatchObject({ failures: 0 });
      });

      it('changes nothing with a stale fence', async () => {
        const ref = await driver.wantOneSet('a');
        const { fence } = await driver.begin(ref);
        await driver.commit({ ref, fence }, []);
        const before = await driver.begin(ref);
        await fixture.store.fail({ ref, fence, now: driver.now, code: 'timeout', dueAt: driver.now + 1 });
        expect((await driver.ask(ref, 'other')).kind).toBe('busy');
        fixture.clock.advance(LEASE_MS);
        const after = await driver.begin(ref);
        expect(after).toEqual({ ...before, fence: after.fence });
      });
    });
  });
  describeSetLeases(name, make);
}
