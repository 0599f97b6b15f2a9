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
  return { slice: { epoch: EPOCH, offset: upTo, publications: [publication], lost: [] }, upTo };
}

describe('slices of long replays', () => {
  it('are kept for a crowd, as long as it has members', () => {
    const slices = new SharedSlices();
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    expect([one.isCrowd, other.isCrowd]).toEqual([true, true]);
    const slice = kept(5);
    one.keep(0, slice);
    expect([other.find(0), other.find(5)]).toEqual([slice, null]);
    one.leave();
    expect([other.find(0), other.isCrowd]).toEqual([slice, false]);
    other.leave();
    slices.join(KEY, PLACE);
    expect(slices.join(KEY, PLACE).find(0)).toBeNull();
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
    ['8 MiB', 4_194_304, 3],
    ['256 slices', 1, 257],
  ])('are at most %s: the oldest one goes', (_, bytes, count) => {
    const slices = new SharedSlices();
    const [one, other] = [slices.join(KEY, PLACE), slices.join(KEY, PLACE)];
    for (let at = 0; at < count; at += 1) one.keep(at, kept(at + 1, bytes));
    expect([other.find(0), other.find(1)?.upTo, other.find(count - 1)?.upTo]).toEqual([null, 2, count]);
  });
});
