import { feedKey } from '../model/feed.js';
import type { JsonText } from '../model/json.js';
import type { Publication } from '../model/publication.js';
import { SharedSlices } from './shared-slices.js';

const EPOCH = 'epoch0001';
const KEY = feedKey({ language: 'en-us' });
const OTHER = feedKey({ language: 'zh-cn' });
const PLACE = { epoch: EPOCH, floors: new Map([['a', 0]]) };

function kept(upTo: number, bytes = 1) {
  const message = 'x'.repeat(bytes) as JsonText;
  const publication: Publication = {
    ...{ kind: 'message', caseId: 'a', message, sentAt: 0, seenAt: 0 },
    ...{ epoch: EPOCH, offset: upTo, previous: 0 },
  };
  const slice = { epoch: EPOCH, offset: upTo, publications: [publication], lost: [] };
  return { slice, parts: [slice.publications], upTo, sharing: 'part' } as const;
}

describe('slices of long replays', () => {
  it('are kept for a crowd, as long as it has members', () => {
    const slices = new SharedSlices();
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    expect([one.isCrowd, other.isCrowd]).toEqual([true, true]);
    const slice = kept(5);
    one.keep(0, slice);
    expect(other.find(0)).toEqual(slice);
    one.leave();
    expect([other.find(0), other.isCrowd]).toEqual([slice, false]);
    other.leave();
    slices.join(KEY, PLACE);
    expect(slices.join(KEY, PLACE).find(0)).toBeNull();
  });

  it('are kept until the last one has gone on behind them', () => {
    const slices = new SharedSlices();
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    one.keep(0, kept(5));
    expect([one.find(5), other.find(0)?.upTo]).toEqual([null, 5]);
    const late = slices.join(KEY, PLACE);
    expect(other.find(5)).toBeNull();
    expect(late.find(0)?.upTo).toBe(5);
    expect(late.find(5)).toBeNull();
    expect(slices.join(KEY, PLACE).find(0)).toBeNull();
  });

  it('are kept until the last one that needs them has left', () => {
    const slices = new SharedSlices();
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    one.keep(0, kept(5));
    one.find(5);
    other.leave();
    expect(slices.join(KEY, PLACE).find(0)).toBeNull();
  });

  it('are not kept where everybody else has gone on', () => {
    const slices = new SharedSlices();
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    other.find(5);
    one.keep(0, kept(5));
    expect(slices.join(KEY, PLACE).find(0)).toBeNull();
  });

  it('are kept until each member has gone on behind them, however far the others are', () => {
    const slices = new SharedSlices();
    const [one, other, third] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    expect([one.find(0), other.find(0)]).toEqual([null, null]);
    const slice = kept(5);
    one.keep(0, slice);
    for (const after of [5, 6, 7, 8]) one.find(after);
    expect(other.find(0)).toBe(slice);
    other.find(5);
    expect(third.find(0)).toBe(slice);
    third.find(5);
    expect(slices.join(KEY, PLACE).find(0)).toBeNull();
  });

  it('of a crowd are shared with those that come after one has left, and a crowd without members is forgotten', () => {
    const slices = new SharedSlices();
    const crowds = Reflect.get(slices, 'crowds') as Map<string, unknown>;
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    one.leave();
    const third = slices.join(KEY, PLACE);
    expect([third.isCrowd, crowds.size]).toEqual([true, 1]);
    [other, third].forEach((member) => member.leave());
    expect(crowds.size).toBe(0);
  });

  it('are not kept for one that is alone', () => {
    const slices = new SharedSlices();
    const alone = slices.join(KEY, PLACE);
    alone.keep(0, kept(5));
    expect(slices.join(KEY, PLACE).find(0)).toBeNull();
  });

  it.each([
    ['feed', OTHER, PLACE],
    ['epoch', KEY, { ...PLACE, epoch: 'epoch0002' }],
    ['place', KEY, { ...PLACE, floors: new Map([['a', 1]]) }],
    ['ticket', KEY, { ...PLACE, floors: new Map([['b', 0]]) }],
  ])('are not those of another %s', (_, feed, place) => {
    const slices = new SharedSlices();
    slices.join(KEY, PLACE);
    slices.join(KEY, PLACE).keep(0, kept(5));
    slices.join(feed, place);
    expect(slices.join(feed, place).find(0)).toBeNull();
  });

  it('are not those of other tickets whose ids and places look alike one after the other', () => {
    const slices = new SharedSlices();
    const [one, other] = [
      { 1: 1, 22: 0 },
      { 1: 12, 2: 0 },
    ].map((floors) => ({
      ...PLACE,
      floors: new Map(Object.entries(floors)),
    })) as [typeof PLACE, typeof PLACE];
    slices.join(KEY, one);
    slices.join(KEY, one).keep(0, kept(5));
    slices.join(KEY, other);
    expect(slices.join(KEY, other).find(0)).toBeNull();
  });

  it.each([
    ['4 MiB', 2_097_152, 3],
    ['256 slices', 1, 257],
  ])('are at most %s: the oldest one goes', (_, bytes, count) => {
    const slices = new SharedSlices();
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    for (let at = 0; at < count; at += 1) one.keep(at, kept(at + 1, bytes));
    expect([other.find(0), other.find(1)?.upTo, other.find(count - 1)?.upTo]).toEqual([null, 2, count]);
  });
});
