import { ManualClock } from '#testing';
import { feedKey } from '../model/feed.js';
import { UpstreamFailure } from '../model/upstream-failure.js';
import type { TurnRequest } from './ports/quota.js';
import type { UnreadCount } from './ports/unread-upstream.js';
import { UnreadRound } from './unread-round.js';

const FEED = feedKey({ language: 'zh-cn' });

describe('a round of unread counts', () => {
  const clock = new ManualClock();
  let asked: (readonly string[])[];
  let answer: (caseIds: readonly string[]) => Promise<UnreadCount[]>;
  let wanted: string[];
  let isClaimed: boolean;
  const store = {
    want: jest.fn(),
    feeds: jest.fn(),
    claim: jest.fn(async () => !isClaimed),
    settle: jest.fn(async (_feed: string, _inMs: number) => undefined),
    wanted: async () => wanted,
    publish: jest.fn(async (_feed: string, _counts: readonly UnreadCount[]) => 0),
  };
  const quota = {
    turn: jest.fn(async (_: TurnRequest) => 0),
    throttled: jest.fn(async (_until: number, _now: number) => undefined),
  };
  const onOutcome = jest.fn();
  let round: UnreadRound;
  beforeEach(() => {
    jest.clearAllMocks();
    asked = [];
    wanted = ['a', 'b', 'c'];
    isClaimed = false;
    answer = async (caseIds) => caseIds.map((caseId) => ({ caseId, unreadNum: 1, status: 1 }));
    const upstream = {
      unread: async (_: unknown, caseIds: readonly string[]) => {
        asked.push(caseIds);
        return answer(caseIds);
      },
    };
    round = new UnreadRound(
      { upstream, store, quota, clock, wait: async (ms) => clock.advance(ms), onOutcome },
      { intervalMs: 1000, maxCaseIds: 2, claimMs: 6000, owner: 'worker' },
    );
  });

  it('asks for all tickets in requests of bounded size, and leaves the feed until the next interval', async () => {
    await round.run(FEED);
    expect(asked).toEqual([['a', 'b'], ['c']]);
    expect(store.publish.mock.calls.map(([, counts]) => counts.length)).toEqual([2, 1]);
    expect(onOutcome.mock.calls).toEqual([['answered'], ['answered']]);
    const now = clock.now();
    expect(quota.turn).toHaveBeenCalledWith({ ref: { feed: FEED, id: 'unread' }, rank: now, now, isUnknown: true });
  });

  it('renews its claim before every further request', async () => {
    await round.run(FEED);
    expect(store.settle.mock.calls.map(([, ms]) => ms)).toEqual([6000, 1000]);
  });

  it('does not catch an error that is not one of the upstream', async () => {
    answer = () => Promise.reject(new TypeError('a mistake'));
    await expect(round.run(FEED)).rejects.toThrow('a mistake');
  });

  it('asks nothing while another worker has the claim', async () => {
    isClaimed = true;
    await round.run(FEED);
    expect([asked, store.settle.mock.calls]).toEqual([[], []]);
  });

  it('does not publish what was not asked for', async () => {
    answer = async () => [{ caseId: 'x', unreadNum: 5, status: null }];
    await round.run(FEED);
    expect(store.publish.mock.calls.map(([, counts]) => counts)).toEqual([[], []]);
  });

  it.each(['refused', 'doubted'] as const)(
    'finds the ticket that the upstream refuses, and leaves it out for a while (%s)',
    async (code) => {
      answer = async (caseIds) => {
        if (caseIds.includes('b')) throw new UpstreamFailure(code, 'no');
        return [];
      };
      await round.run(FEED);
      expect(asked).toEqual([['a', 'b'], ['a'], ['b'], ['c']]);
      clock.advance(59_999);
      await round.run(FEED);
      expect(asked.slice(4)).toEqual([['a', 'c']]);
      clock.advance(1);
      await round.run(FEED);
      expect(asked[5]).toEqual(['a', 'b']);
    },
  );

  it('stops looking for the refused ticket where the upstream does not answer', async () => {
    const failures = [new UpstreamFailure('refused', 'no'), new UpstreamFailure('timeout', 'no answer')];
    answer = async () => {
      throw failures.shift() ?? new Error('asked too often');
    };
    await round.run(FEED);
    expect(asked).toEqual([['a', 'b'], ['a']]);
    expect(store.settle.mock.lastCall?.[1]).toBe(5000);
    expect(quota.throttled).not.toHaveBeenCalled();
  });

  it('leaves the feed alone after a failure, and pauses the account after a 429', async () => {
    answer = async () => {
      throw new UpstreamFailure('throttled', 'slow', 7000);
    };
    await round.run(FEED);
    expect(asked).toEqual([['a', 'b']]);
    expect(store.settle.mock.lastCall?.[1]).toBe(7000);
    expect(quota.throttled.mock.calls).toEqual([[clock.now() + 7000, clock.now()]]);
    expect(onOutcome).toHaveBeenCalledWith('throttled');
  });

  it('pauses the account for two seconds after a 429 that names no time', async () => {
    answer = async () => {
      throw new UpstreamFailure('throttled', 'slow');
    };
    await round.run(FEED);
    expect(quota.throttled.mock.calls).toEqual([[clock.now() + 2000, clock.now()]]);
    expect(store.settle.mock.lastCall?.[1]).toBe(2000);
  });

  it.each([
    { waitMs: 1000, turns: 3 },
    { waitMs: 60_000, turns: 1 },
  ])(
    'asks nothing where the quota gives no turn in half the time of its claim ($waitMs ms)',
    async ({ waitMs, turns }) => {
      const began = clock.now();
      quota.turn.mockResolvedValue(waitMs);
      await round.run(FEED);
      quota.turn.mockResolvedValue(0);
      expect(asked).toEqual([]);
      expect(onOutcome).toHaveBeenCalledWith('no_turn');
      expect([clock.now() - began, store.settle.mock.lastCall?.[1]]).toEqual([3000, 5000]);
      expect(quota.turn).toHaveBeenCalledTimes(turns);
    },
  );

  it('keeps its place in the line while it waits for a turn', async () => {
    const began = clock.now();
    quota.turn.mockResolvedValueOnce(700);
    store.claim.mockImplementationOnce(async () => {
      clock.advance(100);
      return true;
    });
    wanted = ['a'];
    await round.run(FEED);
    expect(quota.turn.mock.calls.map(([{ rank, now }]) => [rank, now])).toEqual([
      [began + 100, began + 100],
      [began + 100, began + 800],
    ]);
    // The next round is an interval after the begin of this one.
    expect(store.settle.mock.lastCall?.[1]).toBe(200);
  });

  it('renews its claim before each request of the search for a refused ticket', async () => {
    wanted = ['a', 'b'];
    const claims: number[] = [];
    answer = async (caseIds) => {
      claims.push(store.settle.mock.calls.filter(([, ms]) => ms === 6000).length);
      if (caseIds.includes('b')) throw new UpstreamFailure('refused', 'no');
      return [];
    };
    await round.run(FEED);
    expect(claims).toEqual([0, 1, 2]);
  });
});
