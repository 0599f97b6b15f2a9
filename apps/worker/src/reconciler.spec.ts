import { feedKey, type DueSet, type FeedKey, type SetRef } from '#core';
import { CLAIM_FEEDS, type Claim, type FeedNeeds, type Look, type NextVisit } from '#redis';
import { ManualClock } from '#testing';
import { Reconciler } from './reconciler.js';

const FEEDS = [feedKey({ language: 'en-us' }), feedKey({ language: 'zh-cn' })] as const;

describe('Reconciler', () => {
  const clock = new ManualClock();
  const claim = jest.fn<Promise<Claim>, [number]>();
  const settle = jest.fn<Promise<void>, [unknown, readonly NextVisit[], number]>();
  const walk = jest.fn<Promise<void>, [number]>();
  const at = jest.fn<Promise<FeedNeeds>, [FeedKey]>();
  const atAll = (feeds: readonly FeedKey[]): Promise<Look[]> =>
    Promise.all(
      feeds.map(async (feed): Promise<Look> => [
        feed,
        await at(feed).then(
          (found) => ({ needs: found }),
          (error: unknown) => ({ error }),
        ),
      ]),
    );
  const sweep = jest.fn<Promise<number>, [FeedKey, number]>();
  const overdue = jest.fn<Promise<SetRef[]>, [FeedKey, number]>();
  const setsOf = jest.fn<Promise<DueSet[]>, [FeedKey]>();
  const makeAgain = jest.fn<Promise<number>, [readonly DueSet[], number]>();
  const lookAtQueue = jest.fn<Promise<void>, []>();
  const onLostJobs = jest.fn();
  const stalest = jest.fn();
  const onError = jest.fn();
  let reconciler: Reconciler;

  const needs = (some: Partial<FeedNeeds> = {}): FeedNeeds => ({
    dueAt: clock.now() + 700,
    leaseEndsAt: clock.now() + 30_000,
    retryAt: null,
    isDamaged: false,
    hasUntoldLosses: false,
    isThin: false,
    ...some,
  });
  const claimed = (feeds: readonly FeedKey[], thorough: readonly FeedKey[] = []) => ({
    feeds,
    thorough: new Set(thorough),
    putOffTo: 7,
  });
  const claimOnce = (...feeds: FeedKey[]) => claim.mockResolvedValueOnce(claimed(feeds));
  /** When a visited feed is visited next, ms from now; null: not again. */
  async function nextAfter(some: Partial<FeedNeeds>): Promise<number | null | undefined> {
    claimOnce(FEEDS[0]);
    at.mockResolvedValueOnce(needs(some));
    reconciler.start();
    await settled();
    const [, visits] = settle.mock.lastCall ?? [];
    const next = visits?.[0]?.[1];
    return typeof next === 'number' ? next - clock.now() : next;
  }

  beforeEach(() => {
    jest.useFakeTimers();
    jest.resetAllMocks();
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    claim.mockResolvedValue(claimed([]));
    at.mockImplementation(async () => needs());
    sweep.mockResolvedValue(0);
    overdue.mockResolvedValue([]);
    makeAgain.mockResolvedValue(0);
    lookAtQueue.mockResolvedValue();
    reconciler = new Reconciler({
      visits: { claim, settle, walk },
      look: { atAll, setsOf },
      registry: { sweep, overdue },
      watch: { look: lookAtQueue },
      jobs: { makeAgain },
      clock,
      telemetry: { stalest },
      onLostJobs,
      onError,
    });
  });
  afterEach(async () => {
    await reconciler.stop();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const settled = () => jest.advanceTimersByTimeAsync(0);

  it('makes the jobs of sets again that are three seconds late, of each feed', async () => {
    const late = FEEDS.map((feed) => ({ feed, id: 5 }));
    claimOnce(...FEEDS);
    at.mockResolvedValueOnce(needs({ dueAt: clock.now() - 3000 }));
    at.mockResolvedValueOnce(needs({ dueAt: clock.now() - 3001 }));
    overdue.mockImplementation(async (feed) => late.filter((ref) => ref.feed === feed));
    reconciler.start();
    await settled();
    expect(overdue.mock.calls).toEqual(FEEDS.map((feed) => [feed, clock.now() - 3000]));
    expect(makeAgain.mock.calls).toEqual([[late.map((ref) => ({ ref, at: clock.now() - 3000 })), clock.now()]]);
    expect(await nextAfter({ dueAt: clock.now() - 2999 })).toBe(1);
    expect([overdue.mock.calls.length, makeAgain.mock.calls.length]).toEqual([2, 1]);
  });

  it('looks for the jobs of all sets of a feed whose visit is thorough, and of no others', async () => {
    const sets = [1, 2].map((id): DueSet => ({ ref: { feed: FEEDS[1], id }, at: clock.now() + 40_000 }));
    claim.mockResolvedValueOnce(claimed(FEEDS, [FEEDS[1]]));
    setsOf.mockResolvedValue(sets);
    reconciler.start();
    await settled();
    expect([setsOf.mock.calls, overdue.mock.calls]).toEqual([[[FEEDS[1]]], []]);
    expect(makeAgain.mock.calls).toEqual([[sets, clock.now()]]);
  });

  it('tells once in a round how many jobs were lost, and nothing where none were', async () => {
    const full = claimed(Array<FeedKey>(250).fill(FEEDS[0]), FEEDS);
    claim.mockResolvedValueOnce(full).mockResolvedValueOnce(full);
    setsOf.mockResolvedValue([{ ref: { feed: FEEDS[0], id: 1 }, at: clock.now() }]);
    makeAgain.mockResolvedValueOnce(3).mockResolvedValueOnce(4);
    reconciler.start();
    await settled();
    await jest.advanceTimersByTimeAsync(3000);
    expect(onLostJobs.mock.calls).toEqual([[7]]);
  });

  it('looks at the queue before it visits feeds, and visits them where the queue is out of reach', async () => {
    const broken = new Error('out of reach');
    claimOnce(FEEDS[0]);
    lookAtQueue.mockRejectedValueOnce(broken);
    reconciler.start();
    await settled();
    expect(onError.mock.calls).toEqual([[broken]]);
    expect(settle.mock.calls).toHaveLength(1);
    expect(lookAtQueue.mock.invocationCallOrder[0]).toBeLessThan(claim.mock.invocationCallOrder[0] ?? 0);
  });

  it.each<[string, Partial<FeedNeeds>]>([
    ['a lease has ended', { leaseEndsAt: clock.now() }],
    ['a quarantine is over', { retryAt: clock.now() }],
    ['keys are lost', { isDamaged: true }],
    ['losses are not told', { hasUntoldLosses: true }],
    ['sets are to be merged', { isThin: true }],
  ])('sweeps a feed where %s, until nothing is left to do', async (_, some) => {
    sweep.mockResolvedValueOnce(500).mockResolvedValueOnce(1);
    const next = await nextAfter(some);
    expect(sweep.mock.calls).toEqual(Array(3).fill([FEEDS[0], clock.now()]));
    expect(next).toBeGreaterThanOrEqual(1000);
    expect(next).toBeLessThanOrEqual(3700);
  });

  it('does not sweep a feed that needs nothing', async () => {
    expect(await nextAfter({})).toBe(3700);
    expect([sweep, overdue].map((call) => call.mock.calls)).toEqual([[], []]);
  });

  it.each<[string, Partial<FeedNeeds>, number | null]>([
    ['its set would be late', { dueAt: clock.now() + 9000 }, 12_000],
    ['a lease ends', { leaseEndsAt: clock.now() + 2000 }, 2000],
    ['a quarantine ends', { retryAt: clock.now() + 2000 }, 2000],
    ['a second has passed since a sweep', { leaseEndsAt: clock.now() - 5 }, 1000],
    ['a second has passed since a merge', { isThin: true }, 1000],
    ['it was late for twice as long', { dueAt: clock.now() - 4000 }, 4000],
    ['ten seconds have passed, however late it is', { dueAt: clock.now() - 600_000 }, 10_000],
    ['a minute has passed', { dueAt: null, leaseEndsAt: clock.now() + 600_000 }, 60_000],
    ['somebody wants it, where nothing is left', { dueAt: null, leaseEndsAt: null }, null],
  ])('visits a feed next when %s', async (_, some, inMs) => {
    expect(await nextAfter(some)).toBe(inMs);
  });

  it('claims feeds until a claim is not full, forty times in a round at most', async () => {
    const full = claimed(Array<FeedKey>(250).fill(FEEDS[0]));
    claim.mockResolvedValueOnce(full);
    reconciler.start();
    await settled();
    expect(claim).toHaveBeenCalledTimes(2);
    claim.mockResolvedValue(full);
    await jest.advanceTimersByTimeAsync(1000);
    expect(claim).toHaveBeenCalledTimes(42);
  });

  it('reports how late the latest set is, and 0 if none is late', async () => {
    claimOnce(...FEEDS);
    at.mockResolvedValueOnce(needs({ dueAt: clock.now() - 300 }));
    at.mockResolvedValueOnce(needs({ dueAt: clock.now() - 700 }));
    reconciler.start();
    await settled();
    await jest.advanceTimersByTimeAsync(1000);
    claimOnce(...FEEDS);
    await jest.advanceTimersByTimeAsync(1000);
    expect(stalest.mock.calls).toEqual([[700], [700], [0]]);
  });

  it('reports a set that was being polled as no later than it was, until the feed is visited again', async () => {
    await nextAfter({ dueAt: clock.now() - 200 });
    clock.advance(9000);
    await jest.advanceTimersByTimeAsync(1000);
    expect(stalest.mock.calls).toEqual([[200], [200]]);
  });

  it('forgets after some seconds how late a feed was that others visit now', async () => {
    await nextAfter({ dueAt: clock.now() - 700 });
    clock.advance(12_000);
    await jest.advanceTimersByTimeAsync(1000);
    expect(stalest.mock.calls).toEqual([[700], [0]]);
  });

  it('reports a visit that failed, and settles the others', async () => {
    const broken = new Error('out of reach');
    claimOnce(...FEEDS);
    at.mockRejectedValueOnce(broken);
    reconciler.start();
    await settled();
    expect(onError.mock.calls).toEqual([[broken]]);
    expect(settle.mock.calls).toEqual([[claimed(FEEDS), [[FEEDS[1], clock.now() + 3700]], clock.now()]]);
  });

  it('reports a round that failed, and continues', async () => {
    const broken = new Error('out of reach');
    walk.mockRejectedValueOnce(broken);
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
    expect(walk).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(3);
    expect(walk).toHaveBeenCalledTimes(2);
  });

  it('makes no more claims when it ends, though there are more feeds to visit', async () => {
    claim.mockResolvedValue(
      claimed(Array.from({ length: CLAIM_FEEDS }, (_, at) => FEEDS[at % FEEDS.length] as FeedKey)),
    );
    let answer = () => {};
    settle.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    reconciler.start();
    await settled();
    const stopping = reconciler.stop();
    answer();
    await stopping;
    expect(claim).toHaveBeenCalledTimes(1);
  });

  it('ends with the round that runs', async () => {
    let answer = () => {};
    walk.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    reconciler.start();
    let ended = false;
    const stopping = reconciler.stop().then(() => (ended = true));
    await settled();
    expect(ended).toBe(false);
    answer();
    await stopping;
    await jest.advanceTimersByTimeAsync(5000);
    expect(walk).toHaveBeenCalledTimes(1);
  });
});
