import fc from 'fast-check';
import { feedKey } from '../model/feed.js';
import type { JsonText } from '../model/json.js';
import type { Publication } from '../model/publication.js';
import { prepareReplay, PreparedReplays } from './prepared-replays.js';
import type { RecoverySource } from './recovery.js';
import type { ResumeFrom } from './subscription.js';
import { Tail } from './tail.js';

const EPOCH = 'epoch0001';
const KEY = feedKey({ language: 'en-us' });
const OTHER = feedKey({ language: 'zh-cn' });
const START: ResumeFrom = { kind: 'start' };

/** A feed that is known whole: what is said is appended to the tails. */
class Feed {
  private readonly tails = new Map(
    ['a', 'b', 'c'].map((caseId) => {
      const tail = new Tail();
      tail.absorb({ caseId, publications: [], completeAfter: 0, exhausted: true, readStatus: null }, 0);
      return [caseId, tail] as const;
    }),
  );
  private offset = 0;

  get source(): RecoverySource {
    const tail = (caseId: string) => this.tails.get(caseId);
    return { position: { epoch: EPOCH, offset: this.offset }, tail } as unknown as RecoverySource;
  }

  say(caseId: string, text = 'x'): void {
    this.offset += 1;
    this.tails.get(caseId)?.append({
      ...{ kind: 'message', caseId, message: JSON.stringify(text) as JsonText },
      ...{ sentAt: 0, seenAt: 0, epoch: EPOCH, offset: this.offset, previous: 0 },
    });
  }

  trim(caseId: string, count: number): void {
    this.tails.get(caseId)?.trim(count);
  }
}

const after = (offset: number): ResumeFrom => ({
  kind: 'position',
  position: { epoch: EPOCH, offset },
  isProven: true,
});
const offsets = (publications: readonly Publication[]) => publications.map(({ offset }) => offset);
const fail = (reason: string): never => {
  throw new Error(reason);
};

describe('a prepared replay', () => {
  let feed: Feed;
  let prepared: PreparedReplays;
  beforeEach(() => {
    feed = new Feed();
    prepared = new PreparedReplays({ wholeMax: 100, wholeMaxBytes: 100_000 });
  });
  const of = (from: ResumeFrom, caseIds: readonly string[] = ['a', 'b'], history = 0) =>
    prepared.of(KEY, { caseIds, from, history }, feed.source);
  /** One that is small enough to be written whole. */
  const whole = (...wanted: Parameters<typeof of>) => of(...wanted) ?? fail('the replay is long');
  const say = (...caseIds: string[]) => caseIds.forEach((caseId) => feed.say(caseId));

  it('is made once for all that come back to one position for the same tickets', () => {
    say('a', 'b', 'a', 'c', 'b');
    const [first, second, third] = [whole(after(1)), whole(after(1)), whole(after(1))];
    expect(offsets(first.publications)).toEqual([2, 3, 5]);
    expect([second.publications, third.publications]).toEqual([first.publications, first.publications]);
    expect(second.publications).toBe(first.publications);
    expect(third.publications).toBe(first.publications);
    expect([first, second, third].map(({ isShared }) => isShared)).toEqual([false, true, true]);
  });

  it('is made anew when one of its tickets has something new, and not when another one has', () => {
    say('a', 'b', 'a');
    const first = whole(after(0));
    say('c');
    expect(whole(after(0)).publications).toBe(first.publications);
    say('b');
    const next = whole(after(0));
    expect([offsets(next.publications), next.isShared]).toEqual([[1, 2, 3, 5], false]);
    expect(whole(after(0)).isShared).toBe(true);
  });

  it('is another one for another position, for other tickets, for the last ones, and in another feed', () => {
    say('a', 'b', 'a', 'c', 'b', 'c');
    const told = [
      of(after(0)),
      of(after(1)),
      of(after(2)),
      of(after(0), ['b', 'c']),
      of(START, ['a', 'b'], 2),
      of(START, ['a', 'b'], 3),
    ];
    const request = { caseIds: ['a', 'b'], from: after(0), history: 0 };
    told.push(prepared.of(OTHER, request, new Feed().source), prepared.of(OTHER, request, feed.source));
    const any = { ...feed.source, tail: () => feed.source.tail('a') };
    for (const caseIds of [
      ['1', '23'],
      ['12', '3'],
    ]) {
      told.push(prepared.of(KEY, { ...request, caseIds }, any));
    }
    expect(told.every((replay) => replay?.isShared === false)).toBe(true);
  });

  it('is not kept where there is nothing to sort', () => {
    say('a', 'c', 'c');
    expect([after(0), after(0), after(3)].map((from) => whole(from).isShared)).toEqual([false, false, false]);
  });

  it('is neither made nor kept if it is too large to be written whole', () => {
    feed.say('a', 'x'.repeat(99_998));
    say('a');
    const large = [of(after(0)), of(after(0))];
    for (let count = 0; count < 101; count += 1) say('b');
    const long = [of(after(2)), of(after(2))];
    expect([...large, ...long]).toEqual([null, null, null, null]);
    expect(prepareReplay({ caseIds: ['a'], from: after(0), history: 0 }, feed.source).bytes).toBeGreaterThan(100_000);
  });

  it('is forgotten two sweeps after its last use', () => {
    say('a', 'b');
    of(after(0));
    prepared.sweep();
    expect(whole(after(0)).isShared).toBe(true);
    prepared.sweep();
    expect(whole(after(0)).isShared).toBe(true);
    prepared.sweep();
    prepared.sweep();
    expect(whole(after(0)).isShared).toBe(false);
  });

  it('makes room: at most 8 MiB, and at most 1,024 of them, are kept', () => {
    for (let count = 0; count < 90; count += 1) feed.say('a', 'x'.repeat(99_000 / 90));
    const large = Array.from({ length: 86 }, (_, history) => history + 4);
    large.forEach((history) => of(START, ['a'], history));
    for (let count = 0; count < 3; count += 1) say('b');
    expect(whole(START, ['a'], 89).isShared).toBe(true);
    const many = Array.from({ length: 1100 }, (_, at) => `T${at}`);
    const source = { ...feed.source, tail: () => feed.source.tail('b') };
    const ask = (caseId: string) => prepared.of(KEY, { caseIds: [caseId], from: START, history: 3 }, source)?.isShared;
    many.forEach(ask);
    expect([ask('T1099'), ask('T0'), whole(START, ['a'], 89).isShared]).toEqual([true, false, false]);
  });

  it.each([
    { what: '1,024 of them', large: 1, ids: 1, kept: 1024 },
    { what: '8 MiB of messages', large: 48_998, ids: 1, kept: 85 },
    { what: '8 MiB of ids that were asked for', large: 1, ids: 20_000, kept: 419 },
  ])('is kept with the others up to $what, and the oldest one goes first', ({ large, ids, kept }) => {
    feed.say('a', 'x'.repeat(large));
    feed.say('a', 'x'.repeat(large));
    const source = { ...feed.source, tail: () => feed.source.tail('a') };
    const ask = (at: number) =>
      prepared.of(KEY, { caseIds: [String(at).padEnd(ids, 'x')], from: START, history: 2 }, source)?.isShared;
    for (let at = 0; at < kept + 100; at += 1) ask(at);
    expect([ask(100), ask(99)]).toEqual([true, false]);
  });

  it('is always what a replay of its own would be', () => {
    const ticket = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('say' as const), ticket }),
      fc.record({ kind: fc.constant('trim' as const), ticket, count: fc.nat({ max: 3 }) }),
      fc.record({
        kind: fc.constant('ask' as const),
        caseIds: fc.uniqueArray(ticket, { minLength: 1 }),
        from: fc.oneof(fc.constant(START), fc.nat({ max: 12 }).map(after), fc.constant({ kind: 'unknown' } as const)),
        history: fc.nat({ max: 4 }),
      }),
      fc.constant({ kind: 'sweep' as const }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const [world, all] = [new Feed(), new PreparedReplays({ wholeMax: 8, wholeMaxBytes: 24 })];
        for (const one of steps) {
          if (one.kind === 'say') world.say(one.ticket);
          else if (one.kind === 'trim') world.trim(one.ticket, one.count);
          else if (one.kind === 'sweep') all.sweep();
          else {
            const { publications, bytes } = prepareReplay(one, world.source);
            const isLong = publications.length > 8 || bytes > 24;
            expect(all.of(KEY, one, world.source)?.publications ?? null).toEqual(isLong ? null : publications);
          }
        }
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 200) },
    );
  });

  it('counts in the bound as often as it is kept, however often it was made anew', () => {
    const made = () => prepared.of(KEY, { caseIds: ['a'], from: after(0), history: 0 }, feed.source);
    for (let times = 0; times < 95; times += 1) {
      feed.say('a', 'x'.repeat(900));
      made();
    }
    for (let times = 0; times < 300; times += 1) {
      feed.trim('a', 90);
      feed.say('a', 'x'.repeat(900));
      made();
    }
    expect(made()?.isShared).toBe(true);
  });
});
