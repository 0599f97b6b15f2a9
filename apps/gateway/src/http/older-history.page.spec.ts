import { jsonText, type DeliveredAt, type OlderOutcome, type PageBefore, type Publication } from '#core';
import { OlderIds, PositionIds } from '#protocol';
import { Deadline } from '../edge/deadline.js';
import { OlderHistory, type OlderAsked } from './older-history.js';

const FEED = { language: 'zh-cn' };
const EPOCH = '0abcdefgh';
const SECRETS = { positionSecrets: ['a secret'] };
const [ids, olderIds] = [new PositionIds(SECRETS), new OlderIds(SECRETS)];
const idOf = (offset: number) => ids.idOf({ epoch: EPOCH, offset });
const message = (offset: number): Publication => ({
  ...{ epoch: EPOCH, offset, previous: offset - 1, caseId: 'a', seenAt: 1_000_000 },
  ...{ kind: 'message', message: jsonText({ content: `m${offset}`, type: 1 }), sentAt: 1_000_000 },
});
const older = (second: number, next: number | null): OlderOutcome => ({
  kind: 'part',
  part: {
    ...{ answeredAt: 7, next, cut: null },
    messages: [
      {
        identity: 'i',
        class: null,
        message: jsonText({ content: `s${second}` }),
        sentAt: second * 1000,
        second,
        type: 1,
      },
    ] as never,
  },
});

describe('one page of older messages', () => {
  let kept: PageBefore;
  let outcomes: (OlderOutcome | null)[];
  let time: number;
  const pageBefore = jest.fn();
  const read = jest.fn();
  const onPage = jest.fn();
  const answeredAt = jest.fn();

  beforeEach(() => {
    [pageBefore, read, onPage, answeredAt].forEach((mock) => mock.mockReset());
    [time, outcomes] = [0, []];
    jest.spyOn(performance, 'now').mockImplementation(() => time);
    kept = {
      ...{ epoch: EPOCH, offset: 9, known: true, publications: [3, 4, 5].map(message), more: false, isWanted: true },
      ...{ begins: 3, oldest: message(3) },
    };
    pageBefore.mockImplementation(async () => kept);
    read.mockImplementation(async () => outcomes.shift() ?? null);
    answeredAt.mockResolvedValue([1_000_000]);
  });
  afterEach(() => jest.restoreAllMocks());

  const page = async (asked: Partial<OlderAsked>) => {
    const delivered: DeliveredAt = { epoch: EPOCH, begins: kept.begins, offsets: [null] };
    const history = new OlderHistory({
      broker: { pageBefore, deliveredAt: async () => delivered },
      registry: { answeredAt },
      older: { read },
      ...{ ids, olderIds, onPage, now: () => 2_000_000 },
    });
    const wanted = { before: idOf(6), after: undefined, limit: 10, ...asked };
    const { events, ...rest } = await history.page(FEED, 'a', wanted, new Deadline());
    const told = events.map((text) => JSON.parse(text) as { event: string; message?: { content: string } });
    return { ...rest, told: told.map(({ event, message: of }) => of?.content ?? event) };
  };
  /** A place before everything that history has. */
  const place = olderIds.idOf({ part: 900, type: 1, second: 900, passed: 0 });
  const reachedPart = () => (kept = { ...kept, publications: [], known: true });

  it('ends after the position that is named, and has nothing older then', async () => {
    const { told, before, more } = await page({ after: idOf(3) });
    expect([told, before, more]).toEqual([['m4', 'm5'], null, false]);
    expect((await page({ after: idOf(5) })).told).toEqual([]);
    expect((await page({})).before).toBe(idOf(3));
    expect([onPage.mock.calls, read.mock.calls]).toEqual([[['history'], ['history'], ['history']], []]);
  });

  it('knows the newest position of the feed as the one after which it ends, and no later one', async () => {
    expect((await page({ after: idOf(9) })).told).toEqual([]);
    expect((await page({ after: idOf(10) })).told).toEqual(['gap', 'm3', 'm4', 'm5']);
  });

  it('reads of history no more than it needs', async () => {
    await page({ limit: 7 });
    outcomes = [older(800, null)];
    await page({ before: place, limit: 7 });
    expect(pageBefore.mock.calls.map(([, want]) => (want as { limit: number }).limit)).toEqual([7, 1]);
  });

  it('has the time that the deadline leaves, without that of the answer itself', async () => {
    reachedPart();
    outcomes = [older(800, null)];
    time = 0;
    expect((await page({})).told).toEqual(['s800']);
    expect(read).toHaveBeenCalledWith(expect.anything(), expect.objectContaining({ caseId: 'a' }), 4500);
    expect(onPage.mock.calls).toEqual([['upstream']]);
  });

  it('does not wait for another part with what it has where little time is left, and goes on there', async () => {
    reachedPart();
    outcomes = [older(800, 750), older(700, null)];
    read.mockImplementationOnce(async () => {
      time = 3501;
      return outcomes.shift();
    });
    const first = await page({});
    expect([first.told, first.more, read.mock.calls.length]).toEqual([['s800'], true, 1]);
    time = 0;
    const next = await page({ before: first.before ?? '' });
    expect([next.told, next.more]).toEqual([['s700'], false]);
  });

  it('waits for a first part also where little time is left', async () => {
    reachedPart();
    pageBefore.mockImplementationOnce(async () => {
      time = 4000;
      return kept;
    });
    outcomes = [older(800, null)];
    expect((await page({})).told).toEqual(['s800']);
    expect(read.mock.calls.map(([, , withinMs]) => withinMs as number)).toEqual([500]);
  });

  it.each<[string, OlderOutcome | null, string, number]>([
    ['no worker answers', null, 'no worker has asked', 2000],
    ['the upstream fails', { kind: 'failed', code: 'throttled', retryMs: 7000 }, '(throttled)', 7000],
  ])('is refused, and counted as that, where %s', async (_, outcome, words, retryMs) => {
    reachedPart();
    outcomes = [outcome];
    await expect(page({})).rejects.toMatchObject({
      ...{ code: 'unavailable', message: expect.stringContaining(words), details: { retryMs } },
    });
    expect(onPage.mock.calls).toEqual([['unavailable']]);
  });

  it('ends with what it has where a later part fails', async () => {
    reachedPart();
    outcomes = [older(800, 750), { kind: 'failed', code: 'throttled', retryMs: 7000 }];
    expect((await page({})).told).toEqual(['s800']);
    expect(onPage.mock.calls).toEqual([['upstream']]);
  });

  it('waits for the first poll of a ticket that is wanted, and for none of one that nobody wants', async () => {
    kept = { ...kept, publications: [], begins: null, oldest: null };
    answeredAt.mockResolvedValue([null]);
    await expect(page({})).rejects.toThrow('the first poll of this ticket is still to come');
    expect(read).not.toHaveBeenCalled();
    kept = { ...kept, isWanted: false };
    outcomes = [older(800, null)];
    expect((await page({})).told).toEqual(['s800']);
  });
});
