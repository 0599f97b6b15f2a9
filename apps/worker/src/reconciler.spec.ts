import { feedKey, type FeedKey, type SetRef } from '#core';
import type { PrometheusPollTelemetry } from '#ops';
import type { BullPollQueue } from '#redis';
import { ManualClock } from '#testing';
import { Reconciler } from './reconciler.js';

const FEEDS = [feedKey({ language: 'en-us' }), feedKey({ language: 'zh-cn' })] as const;

describe('Reconciler', () => {
  const clock = new ManualClock();
  const registry = {
    want: jest.fn(),
    hint: jest.fn(),
    sweep: jest.fn<Promise<number>, [FeedKey, number]>(),
    feeds: jest.fn<Promise<FeedKey[]>, []>(),
    forget: jest.fn<Promise<void>, [number]>(),
    overdue: jest.fn<Promise<SetRef[]>, [FeedKey, number]>(),
    earliestDue: jest.fn<Promise<number | null>, [FeedKey]>(),
    answeredAt: jest.fn(),
  };
  const ensure = jest.fn<Promise<void>, [SetRef[]]>();
  const stalest = jest.fn();
  const onError = jest.fn();
  let reconciler: Reconciler;

  beforeEach(() => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    registry.feeds.mockResolvedValue([...FEEDS]);
    registry.sweep.mockResolvedValue(0);
    registry.overdue.mockResolvedValue([]);
    registry.earliestDue.mockResolvedValue(null);
    const queue = { ensure } as unknown as BullPollQueue;
    const telemetry = { stalest } as unknown as PrometheusPollTelemetry;
    reconciler = new Reconciler({ registry, queue, clock, telemetry, onError });
  });
  afterEach(async () => {
    await reconciler.stop();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const settled = () => jest.advanceTimersByTimeAsync(0);

  it('makes the jobs of sets again that are three seconds late, of each feed', async () => {
    const late = { feed: FEEDS[1], id: 5 };
    registry.overdue.mockResolvedValueOnce([]).mockResolvedValueOnce([late]);
    reconciler.start();
    await settled();
    expect(registry.overdue.mock.calls).toEqual(FEEDS.map((feed) => [feed, clock.now() - 3000]));
    expect(ensure.mock.calls).toEqual([[[]], [[late]]]);
  });

  it('sweeps each feed until nothing is left to do, and forgets feeds as of when the round began', async () => {
    registry.sweep
      .mockResolvedValueOnce(500)
      .mockResolvedValueOnce(1)
      .mockImplementation(async () => {
        clock.advance(100);
        return 0;
      });
    const beganAt = clock.now();
    reconciler.start();
    await settled();
    expect(registry.sweep.mock.calls.map(([feed]) => feed)).toEqual([FEEDS[0], FEEDS[0], FEEDS[0], FEEDS[1]]);
    expect(registry.forget.mock.calls).toEqual([[beganAt]]);
  });

  it('reports how late the latest set is, and 0 if none is late', async () => {
    registry.earliestDue.mockResolvedValueOnce(clock.now() - 700).mockResolvedValueOnce(clock.now() - 300);
    reconciler.start();
    await settled();
    registry.earliestDue.mockResolvedValueOnce(clock.now() + 700);
    await jest.advanceTimersByTimeAsync(1000);
    expect(stalest.mock.calls).toEqual([[700], [0]]);
  });

  it('reports a round that failed, and continues', async () => {
    const broken = new Error('out of reach');
    registry.feeds.mockRejectedValueOnce(broken);
    reconciler.start();
    await settled();
    expect([onError.mock.calls, stalest.mock.calls.length]).toEqual([[[broken]], 0]);
    await jest.advanceTimersByTimeAsync(1000);
    expect(stalest).toHaveBeenCalledTimes(1);
  });

  it.each([
    [0, 750],
    [0.999_999, 1250],
  ])('waits between rounds for a random time: random %d', async (number, pauseMs) => {
    jest.mocked(Math.random).mockReturnValue(number);
    reconciler.start();
    await settled();
    await jest.advanceTimersByTimeAsync(pauseMs - 2);
    expect(registry.feeds).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(3);
    expect(registry.feeds).toHaveBeenCalledTimes(2);
  });

  it('ends with the round that runs', async () => {
    let answer = (_: FeedKey[]) => {};
    registry.feeds.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    reconciler.start();
    let ended = false;
    const stopping = reconciler.stop().then(() => (ended = true));
    await settled();
    expect(ended).toBe(false);
    answer([]);
    await stopping;
    await jest.advanceTimersByTimeAsync(5000);
    expect(registry.feeds).toHaveBeenCalledTimes(1);
  });
});
