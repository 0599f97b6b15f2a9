import { Registry } from 'prom-client';
import { unreadTopic, type Feed, type Notice, type Publication, type Recovery } from '#core';
import { DeliveryMetrics } from '#ops';
import { fakeOutlet } from '../../test/test-connections.js';
import { Connection } from './connection.js';
import { DeliveryCounters } from './delivery-counters.js';
import { LiveSubscription } from './live-subscription.js';
import { ReplayPace } from './replay-pace.js';
import { TickWrites } from './tick-writes.js';
import { UnsentLimit } from './unsent-limit.js';

const FEED = { language: 'en-us' };
const publication = { seenAt: 0 } as Publication;
const RECOVERY = {
  caseIds: [],
  notices: [],
  replay: [],
  isShared: false,
  position: { epoch: 'e', offset: 1 },
  recovered: true,
  pending: [],
  cuts: [],
};

describe('LiveSubscription', () => {
  let calls: string[];
  let subscription: LiveSubscription;
  beforeEach(() => {
    calls = [];
    const outlet = fakeOutlet();
    for (const method of ['begin', 'settle', 'send', 'collect', 'flush', 'notify', 'left'] as const) {
      outlet[method].mockImplementation(() => {
        calls.push(method);
        return undefined as never;
      });
    }
    const counters = new DeliveryCounters(new DeliveryMetrics(new Registry()));
    const connection = new Connection(outlet, new UnsentLimit(1000), counters, { tooSlow: () => undefined });
    const parts = {
      writes: new TickWrites(),
      pace: new ReplayPace(() => 0),
      ids: { idOf: ({ offset }: { readonly offset: number }) => String(offset) },
    };
    subscription = new LiveSubscription(FEED, 'en-us' as never, connection, parts);
  });

  it('writes at the end of the tick', async () => {
    subscription.deliver(publication);
    expect(calls).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual(['send']);
  });

  it.each<[string, () => void, string]>([
    ['a notice', () => subscription.notify({ kind: 'revoked', caseIds: [] }), 'notify'],
    ['a lost right', () => subscription.revoke([]), 'notify'],
    ['the end of a ticket', () => subscription.forget([]), 'left'],
    ['a replay', () => subscription.recover(RECOVERY), 'begin'],
  ])('writes what waits before %s', (_, act, call) => {
    subscription.deliver(publication);
    act();
    expect(calls.slice(0, 2)).toEqual(['send', call]);
  });
});

describe('LiveSubscription tells', () => {
  const GROUP: Feed = { ...FEED, groupId: 'g' };
  const KEY = 'en-us/g' as never;

  function fixture() {
    const outlet = fakeOutlet();
    const metrics = new DeliveryMetrics(new Registry());
    const limit = new UnsentLimit(1000);
    const owner = { tooSlow: () => undefined };
    const connection = new Connection(outlet, limit, new DeliveryCounters(metrics), owner);
    const ids = { idOf: ({ offset }: { readonly offset: number }) => String(offset) };
    const parts = { writes: new TickWrites(), pace: new ReplayPace(() => 0), ids };
    const subscription = new LiveSubscription(GROUP, KEY, connection, parts);
    const told = () => outlet.notify.mock.calls.flat() as unknown[];
    return { subscription, outlet, limit, metrics, told };
  }
  const gap = (...caseIds: string[]): Notice => ({ kind: 'gap', caseIds, reason: 'unknown_position' });

  it.each<[Notice, string, object]>([
    [{ kind: 'revoked', caseIds: ['a'] }, 'revoked', { case_ids: ['a'], group_id: 'g', reason: 'upstream' }],
    [{ kind: 'backfilled', caseIds: ['a'] }, 'backfilled', { case_ids: ['a'], group_id: 'g' }],
    [gap('a'), 'gap', { case_ids: ['a'], group_id: 'g', reason: 'unknown_position' }],
  ])('%j with its group', (notice, event, data) => {
    const { subscription, told } = fixture();
    subscription.notify(notice);
    expect(told()).toEqual([{ event, data }]);
  });

  it('a lost right as one of its client, with its group', () => {
    const { subscription, told } = fixture();
    subscription.revoke(['a']);
    expect(told()).toEqual([{ event: 'revoked', data: { case_ids: ['a'], group_id: 'g', reason: 'rights' } }]);
  });

  it('of tickets, not of their unread counts, and counts a gap once', () => {
    const { subscription, told, metrics } = fixture();
    const counted = jest.spyOn(metrics, 'gap');
    subscription.notify(gap(unreadTopic('a'), unreadTopic('b')));
    expect([told(), counted.mock.calls]).toEqual([[], []]);
    subscription.notify(gap('a', unreadTopic('a')));
    expect(told()).toMatchObject([{ event: 'gap', data: { case_ids: ['a'] } }]);
    subscription.notify({ kind: 'revoked', caseIds: [] });
    expect(told()).toHaveLength(2);
    expect(counted.mock.calls).toEqual([['unknown_position']]);
  });

  it('a recovery of tickets: what is lost first, then the replay, the rooms and the acknowledgement', () => {
    const { subscription, outlet, told } = fixture();
    const steps: string[] = [];
    for (const step of ['begin', 'notify', 'collectPast', 'joined', 'settle'] as const) {
      outlet[step].mockImplementation(() => steps.push(step));
    }
    const recovered = jest.fn<void, [Recovery]>(() => void steps.push('recovered'));
    subscription.recovering = { replaying: () => true, recovered };
    subscription.recover({
      ...RECOVERY,
      caseIds: ['a', unreadTopic('a')],
      pending: ['a', unreadTopic('a')],
      notices: [gap('a')],
      replay: [publication],
    });
    expect(steps).toEqual(['begin', 'notify', 'collectPast', 'joined', 'recovered', 'settle']);
    expect(told()).toHaveLength(1);
    expect(outlet.joined.mock.calls).toEqual([[['en-us/g:a']]]);
    expect(recovered.mock.calls).toMatchObject([[{ caseIds: ['a'], pending: ['a'] }]]);
  });

  it('a part of a long replay: what is lost first, and only tickets that it still has, with their unread counts', async () => {
    const { subscription, outlet } = fixture();
    const steps: string[] = [];
    outlet.notify.mockImplementation(() => steps.push('notify'));
    outlet.replayPart.mockImplementation(() => void steps.push('replayPart'));
    subscription.recovering = { replaying: () => true, recovered: () => undefined };
    subscription.tickets.add('a');
    const of = (caseId: string) => ({ caseId, seenAt: 0 }) as Publication;
    const publications = [of('a'), of('b'), of(unreadTopic('a')), of(unreadTopic('b'))];
    await subscription.replay({ notices: [gap('a')], publications, sharing: 'part' });
    expect(steps).toEqual(['notify', 'replayPart']);
    expect(outlet.replayPart.mock.calls[0]?.[0].map(({ caseId }) => caseId)).toEqual(['a', unreadTopic('a')]);
  });

  it.each<[string, (subscription: LiveSubscription) => void | Promise<void>]>([
    ['a replay', (subscription) => subscription.recover(RECOVERY)],
    [
      'a part of a long replay',
      (subscription) => subscription.replay({ notices: [], publications: [], sharing: 'none' }),
    ],
  ])('the limit how much of %s is unsent, once all of it is written', async (_, replays) => {
    const { subscription, outlet, limit } = fixture();
    subscription.recovering = { replaying: () => true, recovered: () => undefined };
    outlet.settle.mockImplementation(() => (outlet.unsentBytes = 50_000));
    await replays(subscription);
    expect([limit.isExceeded(51_000), limit.isExceeded(51_001)]).toEqual([false, true]);
  });
});
