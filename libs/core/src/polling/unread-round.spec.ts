import { ManualClock } from '#testing';
import { feedKey } from '../model/feed.js';
import { UpstreamFailure } from '../model/upstream-failure.js';
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
  const quota = { turn: jest.fn(async () => 0), throttled: jest.fn(async () => undefined) };
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
    expect(store.settle.mock.lastCall?.[1]).toBe(1000);
    expect(quota.turn).toHaveBeenCalledWith(expect.objectContaining({ isUnknown: true }));
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

  it('finds the ticket that the upstream refuses, and leaves it out for a while', async () => {
    answer = async (caseIds) => {
      if (caseIds.includes('b')) throw new UpstreamFailure('refused', 'no');
      return [];
    };
    await round.run(FEED);
    expect(asked).toEqual([['a', 'b'], ['a'], ['b'], ['c']]);
    await round.run(FEED);
    expect(asked.slice(4)).toEqual([['a', 'c']]);
  });

  it('leaves the feed alone after a failure, and pauses the account after a 429', async () => {
    answer = async () => {
      throw new UpstreamFailure('throttled', 'slow', 7000);
    };
    await round.run(FEED);
    expect(asked).toEqual([['a', 'b']]);
    expect(store.settle.mock.lastCall?.[1]).toBe(7000);
    expect(quota.throttled).toHaveBeenCalledTimes(1);
    expect(onOutcome).toHaveBeenCalledWith('throttled');
  });

  it('asks nothing where the quota gives no turn in time', async () => {
    quota.turn.mockResolvedValue(1000);
    await round.run(FEED);
    quota.turn.mockResolvedValue(0);
    expect(asked).toEqual([]);
    expect(onOutcome).toHaveBeenCalledWith('no_turn');
  });
});
