import { createHash } from 'node:crypto';
import { ManualClock } from '#testing';
import { feedKey } from '../model/feed.js';
import { UpstreamFailure } from '../model/upstream-failure.js';
import { OlderReader } from './older-reader.js';

const FEED = feedKey({ language: 'zh-cn' });
const WANT = { caseId: 'a', before: 1000, type: 1 } as const;

describe('a reader of older messages', () => {
  const clock = new ManualClock();
  const more = jest.fn();
  const quota = { turn: jest.fn(), throttled: jest.fn() };
  const onOutcome = jest.fn();
  const reader = new OlderReader({
    upstream: { more },
    quota,
    clock,
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    wait: async (ms) => clock.advance(ms),
    onOutcome,
  });
  const read = () => reader.read(FEED, WANT, clock.now() + 3000);
  beforeEach(() => {
    jest.resetAllMocks();
    quota.turn.mockResolvedValue(0);
    more.mockResolvedValue([]);
  });

  it('asks for one part in the turn of unknown tickets', async () => {
    more.mockResolvedValue([{ message: { content: 'x', type: 1 }, sentAt: 5000 }]);
    const outcome = await read();
    expect(outcome).toMatchObject({ kind: 'part', part: { messages: [{ second: 5 }], next: null } });
    expect(more).toHaveBeenCalledWith({
      feed: { language: 'zh-cn' },
      caseId: 'a',
      type: 1,
      before: 1_000_000,
      limit: 100,
    });
    const ref = { feed: FEED, id: 'older-a' };
    expect(quota.turn).toHaveBeenCalledWith({ ref, rank: clock.now(), now: clock.now(), isUnknown: true });
    expect(onOutcome.mock.calls).toEqual([['answered']]);
  });

  it('waits for its turn', async () => {
    quota.turn.mockResolvedValueOnce(700);
    const began = clock.now();
    expect(await read()).toMatchObject({ kind: 'part' });
    expect(clock.now() - began).toBe(700);
    // Its place in the line is that of its first question.
    expect(quota.turn.mock.calls.map(([{ rank, now }]) => [rank, now])).toEqual([
      [began, began],
      [began, began + 700],
    ]);
  });

  it('asks nothing when nobody waits any more', async () => {
    quota.turn.mockResolvedValue(10_000);
    const began = clock.now();
    expect(await read()).toEqual({ kind: 'failed', code: 'throttled', retryMs: 2000 });
    expect([more.mock.calls, onOutcome.mock.calls]).toEqual([[], [['no_turn']]]);
    expect([clock.now() - began, quota.turn.mock.calls.length]).toEqual([3000, 1]);
  });

  it('slows the account down when the upstream throttles', async () => {
    more.mockRejectedValue(new UpstreamFailure('throttled', 'slow down', 4000));
    expect(await read()).toEqual({ kind: 'failed', code: 'throttled', retryMs: 4000 });
    expect(quota.throttled).toHaveBeenCalledWith(clock.now() + 4000, clock.now());
  });

  it.each([
    ['refused', 60_000],
    ['doubted', 60_000],
    ['timeout', 2000],
  ] as const)('says when to ask again after %s', async (code, retryMs) => {
    more.mockRejectedValue(new UpstreamFailure(code, 'no answer'));
    expect(await read()).toEqual({ kind: 'failed', code, retryMs });
    expect(quota.throttled).not.toHaveBeenCalled();
  });

  it('does not hide a fault of its own', async () => {
    more.mockRejectedValue(new TypeError('a fault'));
    await expect(read()).rejects.toThrow('a fault');
  });
});
