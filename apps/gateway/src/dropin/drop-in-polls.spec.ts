import { jsonText, type Publication } from '#core';
import { Refusal } from '#protocol';
import { Deadline } from '../edge/deadline.js';
import { DropInPoll } from './drop-in-poll.js';
import { DropInPolls, type PollRequest } from './drop-in-polls.js';

const FEED = { language: 'zh-cn' };
const EPOCH = '0abcdefgh';
const message = (offset: number): Publication => ({
  ...{ epoch: EPOCH, offset, previous: offset - 1, caseId: 'a', seenAt: 0 },
  ...{ kind: 'message', message: jsonText({ content: 'x' }), sentAt: null },
});
const recovery = (replay: readonly Publication[]) => ({
  ...{ caseIds: ['a'], notices: [], replay, isShared: false, recovered: true, pending: [], cuts: [] },
  position: { epoch: EPOCH, offset: 7 },
});
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('polls of clients', () => {
  let fresh: readonly string[];
  let pending: readonly string[];
  let replay: readonly Publication[];
  let waiting: number;
  let following: DropInPoll[];
  const polled = jest.fn();
  const onError = jest.fn();
  const unsubscribe = jest.fn();
  const untilAnswered = jest.fn();
  const subscribe = jest.fn();
  const statuses = jest.fn();
  let polls: DropInPolls;

  beforeEach(() => {
    [fresh, pending, replay, waiting, following] = [[], [], [], 0, []];
    [polled, onError, unsubscribe, untilAnswered, subscribe, statuses].forEach((mock) => mock.mockReset());
    untilAnswered.mockImplementation(async () => pending);
    statuses.mockResolvedValue([0]);
    subscribe.mockImplementation(async (_feed: unknown, _want: unknown, poll: DropInPoll) => {
      following.push(poll);
      poll.recover(recovery(replay));
    });
    polls = new DropInPolls({
      hub: { subscribe, unsubscribe },
      interest: { follow: async () => fresh } as never,
      firstAnswers: { pending: untilAnswered } as never,
      registry: { statuses },
      historyMax: 1000,
      metrics: { polled, waits: (more) => void (waiting += more) },
      onError,
    });
  });
  afterEach(() => {
    polls.stop();
    jest.restoreAllMocks();
  });

  const left = new Set<object>();
  const request = (more: Partial<PollRequest> = {}) => {
    const client = { leave: (): void => undefined };
    const asked: PollRequest = {
      ...{ feed: FEED, caseIds: ['a'], subject: 'alice', from: { kind: 'start' }, since: null, waitMs: 60_000 },
      hasLeft: () => left.has(client),
      onLeft: (leave) => {
        client.leave = () => {
          left.add(client);
          leave();
        };
      },
      ...more,
    };
    return { client, answer: polls.poll(asked) };
  };
  const keepsNothing = () => {
    expect([waiting, (Reflect.get(polls, 'waiting') as Map<string, unknown>).size]).toEqual([0, 0]);
    expect(Reflect.get(polls, 'waitingCount')).toBe(0);
    expect(unsubscribe).toHaveBeenCalledTimes(subscribe.mock.calls.length);
  };

  it('wait for news, and nothing is kept of them afterwards', async () => {
    const { answer } = request();
    await turn();
    expect([waiting, unsubscribe.mock.calls]).toEqual([1, []]);
    following[0]?.deliver(message(8));
    expect(await answer).toMatchObject({ position: { offset: 8 }, statuses: [0], isPending: false, isFull: false });
    expect(unsubscribe.mock.calls).toEqual([[FEED, ['a'], following[0]]]);
    keepsNothing();
  });

  it('are not answered to a client that has left, which is not waited for any longer', async () => {
    const { client, answer } = request();
    await turn();
    client.leave();
    expect(await answer).toBeNull();
    expect([polled.mock.calls, statuses.mock.calls]).toEqual([[['left']], []]);
    keepsNothing();
  });

  it.each([
    ['news', [], [message(1)]],
    ['news', ['a'], [message(1)]],
    ['nothing', [], []],
    ['pending', ['a'], []],
  ])('are counted as %s', async (outcome, notAnswered, replayed) => {
    [pending, replay] = [notAnswered, replayed];
    expect(await request({ waitMs: 0 }).answer).toMatchObject({ isPending: notAnswered.length > 0 });
    expect(polled.mock.calls).toEqual([[outcome]]);
    keepsNothing();
  });

  it('are answered at once when the gateway is about to end, and those that come later do not wait', async () => {
    const { answer } = request();
    await turn();
    polls.stop();
    expect(await answer).not.toBeNull();
    fresh = ['a'];
    expect(await request().answer).not.toBeNull();
    expect(untilAnswered).toHaveBeenLastCalledWith(expect.anything(), ['a'], 0);
    keepsNothing();
  });

  it.each<[string, () => void, boolean]>([
    ['to subscribe', () => subscribe.mockRejectedValueOnce(new Error('away')), false],
    ['to say which are answered', () => untilAnswered.mockRejectedValueOnce(new Error('away')), false],
    ['to tell statuses', () => statuses.mockRejectedValueOnce(new Error('away')), false],
    ['with a refusal', () => subscribe.mockRejectedValueOnce(new Refusal('too_many', 'away')), true],
  ])('are refused where the store fails %s, and nothing is kept of them', async (_, fail, isRefusal) => {
    fail();
    await expect(request({ waitMs: 0 }).answer).rejects.toMatchObject(
      isRefusal ? { code: 'too_many' } : { code: 'unavailable', details: { retryMs: 2000 } },
    );
    expect(onError.mock.calls).toEqual(isRefusal ? [] : [[new Error('away')]]);
    keepsNothing();
  });

  it.each([
    ['for a second', { waitMs: 0 }, 1000],
    ['as long as they wait for news', { waitMs: 5000 }, 5000],
    ['as long as they say', { waitMs: 5000, firstWaitMs: 30_000 }, 30_000],
  ])('wait for the first answer %s where their ticket is new, and the store has its own time', async (_, asked, ms) => {
    jest.spyOn(performance, 'now').mockReturnValue(0);
    const bound = jest.spyOn(Deadline.prototype, 'bound');
    fresh = ['a'];
    replay = [message(1)];
    await request(asked).answer;
    expect(untilAnswered).toHaveBeenCalledWith(expect.anything(), ['a'], ms);
    const times = bound.mock.contexts.map((deadline) => (deadline as Deadline).leftMs);
    expect(times).toEqual([5000, 5000 + ms, 5000, 5000]);
    fresh = [];
    await request(asked).answer;
    expect(untilAnswered).toHaveBeenLastCalledWith(expect.anything(), ['a'], 0);
  });

  it('wait for news no longer than they ask, the wait for the first answer included', async () => {
    let time = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => time);
    const news = jest.spyOn(DropInPoll.prototype, 'news').mockResolvedValue();
    untilAnswered.mockImplementation(async () => {
      time += 400;
      return pending;
    });
    await request({ waitMs: 1000 }).answer;
    await request({ waitMs: 400 }).answer; // Its time is over: it does not wait.
    expect(news.mock.calls).toEqual([[600]]);
    keepsNothing();
  });

  it('wait in a number that is bounded for each subject and for all, and others are answered at once', async () => {
    const wait = (subject: string, count: number) => Array.from({ length: count }, () => request({ subject }).answer);
    const asked = wait('subject 0', 1000);
    expect(await request({ subject: 'subject 0' }).answer).not.toBeNull();
    for (let subject = 1; subject < 10; subject += 1) asked.push(...wait(`subject ${subject}`, 1000));
    await turn();
    expect(waiting).toBe(10_000);
    expect(await request({ subject: 'another' }).answer).not.toBeNull();
    following.forEach((poll) => poll.deliver(message(8)));
    await Promise.all(asked);
    keepsNothing();
    const { client, answer } = request({ subject: 'another' });
    await turn();
    expect(waiting).toBe(1);
    client.leave();
    await answer;
  });
});
