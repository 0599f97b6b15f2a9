import { unreadTopic, type CaseId, type Notice, type Publication, type Recovery, type ResumeFrom } from '#core';
import type { ReadyData } from '#protocol';
import type { SubscriptionParameters } from '../edge/subscription-parameters.js';
import { SubscribeBatch } from './subscribe-batch.js';

describe('SubscribeBatch', () => {
  const recovery = (caseIds: CaseId[]): Recovery => {
    const position = { epoch: '0mwtcnjrpo8nsa', offset: 1 };
    return { caseIds, notices: [], replay: [], isShared: false, position, recovered: false, pending: [], cuts: [] };
  };

  it.each([
    ['of the ticket that was answered for longest ago', { a: 5000, b: 3000 }, '1970-01-01T00:00:03.000Z'],
    ['none where one was never answered for', { a: 5000, b: null }, null],
    ['none where nothing is known of one', { a: 5000 }, null],
  ])('R10: names as last_answer_at the time %s', (_, times, instant) => {
    const onReady = jest.fn();
    const parameters = {
      feed: { language: 'en-us' },
      caseIds: ['a', 'b'],
      from: { kind: 'start' },
      history: 0,
    } as const;
    const batch = SubscribeBatch.of({ parameters, onReady, isServed: false }, [], () => true);
    batch.answers = new Map(Object.entries(times));
    batch.ready(recovery(['a', 'b']), { idOf: () => 'id' });
    expect(onReady.mock.calls).toMatchObject([[{ last_event_id: 'id', last_answer_at: instant }]]);
  });

  const EPOCH = '0mwtcnjrpo8nsa';
  const at = (offset: number, epoch = EPOCH, isProven = true): ResumeFrom => ({
    kind: 'position',
    position: { epoch, offset },
    isProven,
  });
  const waiting = (caseIds: readonly CaseId[], asked: Partial<SubscriptionParameters> = {}) => {
    const onReady = jest.fn<void, [ReadyData]>();
    const feed = { language: 'en-us' };
    const parameters: SubscriptionParameters = { feed, caseIds, from: { kind: 'start' }, history: 5, ...asked };
    return { parameters, onReady, isServed: false };
  };
  const together = (one: Partial<SubscriptionParameters>, other: Partial<SubscriptionParameters>) =>
    SubscribeBatch.of(waiting(['a'], one), [waiting(['b'], other)], () => true).caseIds;

  it.each<[string, Partial<SubscriptionParameters>, Partial<SubscriptionParameters>]>([
    ['language', {}, { feed: { language: 'zh-cn' } }],
    ['group', {}, { feed: { language: 'en-us', groupId: 'g' } }],
    ['number of past events', {}, { history: 4 }],
    ['snapshots', { cuts: false }, { cuts: true }],
    ['unread counts', { unread: false }, { unread: true }],
    ['kind of position', {}, { from: { kind: 'unknown' } }],
    ['position where one has none', {}, { from: at(7) }],
    ['offset', { from: at(7) }, { from: at(8) }],
    ['epoch', { from: at(7) }, { from: at(7, 'another') }],
    ['proof of the position', { from: at(7) }, { from: at(7, EPOCH, false) }],
    ['snapshots after a position', { from: at(7) }, { from: at(7), cuts: true }],
    ['unread counts after a position', { from: at(7) }, { from: at(7), unread: true }],
  ])('has no subscribes that differ in their %s', (_, one, other) => {
    expect(together(one, other)).toEqual(['a']);
    expect(together(one, one)).toEqual(['a', 'b']);
    expect(together(other, other)).toEqual(['a', 'b']);
  });

  it('counts a ticket of several subscribes once, and leaves out those that do not fit', () => {
    const asked: number[] = [];
    const behind = [['a', 'b'], ['a', 'c'], ['d']].map((caseIds) => waiting(caseIds));
    const { caseIds } = SubscribeBatch.of(waiting(['a']), behind, ({ caseIds: [first] }, size) => {
      asked.push(size);
      return first !== 'a' || size < 3;
    });
    expect(asked).toEqual([2, 3, 3]);
    expect(caseIds).toEqual(['a', 'b', 'd']);
  });

  describe('acknowledges each subscribe with what it asked for', () => {
    const of = (...names: CaseId[]) => names.map((caseId) => ({ caseId }) as Publication);
    const gap = (...caseIds: CaseId[]): Notice => ({ kind: 'gap', caseIds, reason: 'unknown_position' });
    const ids = { idOf: () => 'id' };
    const ready = ({ onReady }: { onReady: jest.Mock<void, [ReadyData]> }) =>
      onReady.mock.calls.map(([{ case_ids, replayed, recovered, pending }]) => [
        case_ids,
        replayed,
        recovered,
        pending,
      ]);

    it('alone: all that was written of a long replay, unread counts included', () => {
      const only = waiting(['a']);
      const batch = SubscribeBatch.of(only, [], () => true);
      expect(batch.hasBegun).toBe(false);
      batch.count({ publications: of('a', 'a'), notices: [], sharing: 'none' });
      expect(batch.hasBegun).toBe(true);
      batch.ready({ ...recovery(['a']), replay: of('a', unreadTopic('a')), recovered: true, pending: ['a', 'b'] }, ids);
      expect([ready(only), only.isServed]).toEqual([[[['a'], 4, true, ['a']]], true]);
    });

    it('together: its own tickets in parts and in the rest, their losses and what is pending', () => {
      const members = [['a'], ['b'], ['c', 'a']].map((caseIds) => waiting(caseIds, { from: at(7) }));
      const [first, ...behind] = members as [(typeof members)[0], ...typeof members];
      const batch = SubscribeBatch.of(first, behind, () => true);
      batch.count({ publications: of('a', 'b', unreadTopic('b')), notices: [gap('b')], sharing: 'none' });
      const recovered = { ...recovery(['a', 'b', 'c']), recovered: false, pending: ['c'] };
      batch.ready({ ...recovered, replay: of('a', 'c'), notices: [gap('c')] }, ids);
      expect(members.map(ready)).toEqual([
        [[['a'], 2, true, []]],
        [[['b'], 2, false, []]],
        [[['c', 'a'], 3, false, ['c']]],
      ]);
      expect(members.every(({ isServed }) => isServed)).toBe(true);
    });

    it('together without a position: none of them is recovered', () => {
      const members = [waiting(['a']), waiting(['b'])] as const;
      SubscribeBatch.of(members[0], [members[1]], () => true).ready(recovery(['a', 'b']), ids);
      expect(members.map(ready)).toEqual([[[['a'], 0, false, []]], [[['b'], 0, false, []]]]);
    });
  });
});
