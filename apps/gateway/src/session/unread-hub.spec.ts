import { unreadTopic, type CaseId, type Feed, type Subscriber } from '#core';
import { ManualClock } from '#testing';
import { UnreadHub } from './unread-hub.js';

const FEED: Feed = { language: 'zh-cn' };
const LINGER_MS = 30_000;

describe('UnreadHub', () => {
  const stops: (() => void)[] = [];
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => {
    stops.splice(0).forEach((stop) => stop());
    jest.useRealTimers();
  });

  function fixture(lingerMs = LINGER_MS) {
    const steps: string[] = [];
    const hub = {
      subscribe: jest.fn(async () => void steps.push('subscribe')),
      subscribeNow: jest.fn(() => true),
      unsubscribe: jest.fn(),
    };
    const want = jest.fn<Promise<void>, [string, readonly CaseId[], number]>(async () => void steps.push('want'));
    const clock = new ManualClock();
    const onError = jest.fn();
    const unread = new UnreadHub({ hub, store: { want }, clock, lingerMs, onError });
    stops.push(() => unread.stop());
    const request = (...caseIds: CaseId[]) => ({ caseIds, from: { kind: 'start' as const }, history: 0, unread: true });
    const client = () => ({}) as Subscriber;
    /** Tickets that a renewal leases. */
    const held = async () => {
      want.mockClear();
      await unread.renew();
      return want.mock.calls.flatMap(([feed, caseIds]) => caseIds.map((caseId) => `${feed} ${caseId}`));
    };
    return { unread, hub, want, clock, onError, steps, request, client, held };
  }

  it('asks the hub as it was asked itself where nobody wants counts', async () => {
    const { unread, hub, want, client } = fixture();
    const [request, one] = [{ caseIds: ['a'], from: { kind: 'start' as const }, history: 5 }, client()];
    expect(unread.subscribeNow(FEED, request, one)).toBe(true);
    await unread.subscribe(FEED, request, one);
    expect(hub.subscribeNow.mock.calls).toEqual([[FEED, request, one]]);
    expect(hub.subscribe.mock.calls).toEqual([[FEED, request, one]]);
    expect(want).not.toHaveBeenCalled();
  });

  it('leases the counts first, and then has one topic more for each ticket', async () => {
    const { unread, hub, want, clock, steps, request, client } = fixture();
    const one = client();
    expect(unread.subscribeNow(FEED, request('a', 'b'), one)).toBe(false);
    expect(hub.subscribeNow).not.toHaveBeenCalled();
    await unread.subscribe(FEED, request('a', 'b'), one);
    expect(steps).toEqual(['want', 'subscribe']);
    expect(want.mock.calls).toEqual([['zh-cn', ['a', 'b'], clock.now() + LINGER_MS]]);
    const caseIds = ['a', 'b', unreadTopic('a'), unreadTopic('b')];
    expect(hub.subscribe.mock.calls).toEqual([[FEED, { caseIds, from: { kind: 'start' }, history: 0 }, one]]);
    unread.unsubscribe(FEED, ['a', 'b'], one);
    expect(hub.unsubscribe.mock.calls).toEqual([[FEED, caseIds, one]]);
  });

  it('subscribes nobody where the store is out of reach', async () => {
    const { unread, hub, want, request, client } = fixture();
    want.mockRejectedValueOnce(new Error('out of reach'));
    await expect(unread.subscribe(FEED, request('a'), client())).rejects.toThrow('out of reach');
    expect(hub.subscribe).not.toHaveBeenCalled();
  });

  it('leases a ticket until the last client has left, and asks the store for the first one only', async () => {
    const { unread, want, request, client, held } = fixture();
    const [one, other] = [client(), client()];
    await unread.subscribe(FEED, request('a', 'b'), one);
    want.mockClear();
    await unread.subscribe(FEED, request('b'), other);
    await unread.subscribe(FEED, request('b'), other); // Once more by the same client: it counts once.
    expect(want).not.toHaveBeenCalled();
    unread.unsubscribe(FEED, ['a', 'b'], one);
    expect(await held()).toEqual(['zh-cn b']);
    unread.unsubscribe(FEED, ['b'], one); // It has left already.
    unread.unsubscribe(FEED, ['b'], client()); // It never asked for counts.
    expect(await held()).toEqual(['zh-cn b']);
    unread.unsubscribe(FEED, ['b'], other);
    expect(await held()).toEqual([]);
    await unread.subscribe(FEED, request('b'), one);
    expect(await held()).toEqual(['zh-cn b']);
  });

  it.each([
    [LINGER_MS, 30_000],
    [0, 3000],
  ])(
    'with a linger time of %d ms renews at a third of a lease of %d ms, and tells a failure',
    async (linger, lease) => {
      const { unread, want, clock, onError, request, client } = fixture(linger);
      await unread.subscribe(FEED, request('a'), client());
      want.mockClear();
      await jest.advanceTimersByTimeAsync(lease / 3 - 1);
      expect(want).not.toHaveBeenCalled();
      const failure = new Error('out of reach');
      want.mockRejectedValueOnce(failure);
      await jest.advanceTimersByTimeAsync(1);
      expect(onError.mock.calls).toEqual([[failure]]);
      clock.advance(5);
      await jest.advanceTimersByTimeAsync(lease / 3);
      expect(want.mock.calls.at(-1)).toEqual(['zh-cn', ['a'], clock.now() + lease]);
      unread.stop();
      await jest.advanceTimersByTimeAsync(lease);
      expect(want).toHaveBeenCalledTimes(2);
    },
  );

  it('tells the store of at most 500 tickets at once, each once', async () => {
    const { unread, want, request, client } = fixture();
    const caseIds = Array.from({ length: 1200 }, (_, at) => `t${at}`);
    await unread.subscribe(FEED, request(...caseIds), client());
    expect(want.mock.calls.map(([, part]) => part.length)).toEqual([500, 500, 200]);
    expect(want.mock.calls.flatMap(([, part]) => part)).toEqual(caseIds);
  });
});
