import { feedKey, type FeedKey } from '#core';
import { ManualClock } from '#testing';

import { UnreadRounds } from './unread-rounds.js';

const INTERVAL_MS = 5000;

describe('UnreadRounds', () => {
  const run = jest.fn<Promise<void>, [FeedKey]>();
  const feeds = jest.fn<Promise<FeedKey[]>, [number]>();
  const onError = jest.fn();
  const clock = new ManualClock();
  let isOpen: boolean;
  let rounds: UnreadRounds;
  let ends: (() => void)[];

  const feed = (at: number) => feedKey({ language: 'en-us', groupId: String(at) });
  const many = (count: number) => Array.from({ length: count }, (_, at) => feed(at));
  const looks = (count: number) => jest.advanceTimersByTimeAsync(count * INTERVAL_MS);
  /** Ends the rounds that run now. */
  const endAll = async () => {
    ends.splice(0).forEach((end) => end());
    await jest.advanceTimersByTimeAsync(0);
  };

  beforeEach(() => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    [isOpen, ends] = [true, []];
    run.mockImplementation(() => new Promise((resolve) => ends.push(resolve)));
    feeds.mockResolvedValue([]);
    const parts = { round: { run }, store: { feeds }, clock, intervalMs: INTERVAL_MS, isOpen: () => isOpen, onError };
    rounds = new UnreadRounds(parts);
    rounds.start();
  });
  afterEach(async () => {
    const stopped = rounds.stop();
    await endAll();
    await stopped;
    jest.useRealTimers();
  });

  it('look once per interval which feeds are due now, and not before', async () => {
    await jest.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    expect(feeds.mock.calls).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(feeds.mock.calls).toEqual([[clock.now()]]);
    await looks(3);
    expect(feeds.mock.calls).toHaveLength(4);
    expect(run.mock.calls).toEqual([]);
  });

  it('run four at once, and then those that are left', async () => {
    feeds.mockResolvedValueOnce(many(6));
    await looks(1);
    expect(run.mock.calls).toEqual(many(4).map((one) => [one]));
    ends.shift()?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(run.mock.calls).toHaveLength(4);
    await endAll();
    expect(run.mock.calls).toEqual(many(6).map((one) => [one]));
  });

  it('do not overlap: the next look comes an interval after the end of the last round', async () => {
    feeds.mockResolvedValueOnce(many(1));
    await looks(4);
    expect(feeds.mock.calls).toHaveLength(1);
    await endAll();
    await looks(1);
    expect(feeds.mock.calls).toHaveLength(2);
  });

  it('ask nothing of Redis and of the upstream while the login is refused, and go on afterwards', async () => {
    isOpen = false;
    feeds.mockResolvedValue(many(1));
    await looks(2);
    expect([feeds.mock.calls, run.mock.calls]).toEqual([[], []]);
    isOpen = true;
    await looks(1);
    expect(run.mock.calls).toEqual([[feed(0)]]);
  });

  it.each<[string, () => void]>([
    ['a look', () => feeds.mockRejectedValueOnce(new Error('Redis is out of reach'))],
    [
      'a round',
      () => {
        feeds.mockResolvedValueOnce(many(1));
        run.mockRejectedValueOnce(new Error('Redis is out of reach'));
      },
    ],
  ])('report %s that failed, and go on', async (_, fails) => {
    fails();
    await looks(1);
    expect(onError.mock.calls).toEqual([[new Error('Redis is out of reach')]]);
    await looks(1);
    expect(feeds.mock.calls).toHaveLength(2);
    expect(onError.mock.calls).toHaveLength(1);
  });

  it('end with those that run, begin no other one, and look no more', async () => {
    feeds.mockResolvedValue(many(6));
    await looks(1);
    let hasStopped = false;
    void rounds.stop().then(() => (hasStopped = true));
    await looks(1);
    expect(hasStopped).toBe(false);
    await endAll();
    expect(hasStopped).toBe(true);
    await looks(3);
    expect([feeds.mock.calls.length, run.mock.calls.length, jest.getTimerCount()]).toEqual([1, 4, 0]);
  });

  it('look no more where they end between two looks', async () => {
    await rounds.stop();
    await looks(3);
    expect([feeds.mock.calls, jest.getTimerCount()]).toEqual([[], 0]);
  });
});
