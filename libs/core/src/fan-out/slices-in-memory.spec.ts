import type { JsonText } from '../model/json.js';
import type { Publication } from '../model/publication.js';
import type { RecoverySource } from './recovery.js';
import { bytesOf, extentInMemory, sliceInMemory } from './slices-in-memory.js';
import type { ResumeFrom } from './subscription.js';
import { Tail } from './tail.js';

const POSITION = { epoch: 'epoch0001', offset: 10 };

function message(caseId: string, offset: number): Publication {
  const text = '"four"' as string as JsonText;
  return { kind: 'message', caseId, message: text, sentAt: 0, seenAt: 0, ...POSITION, offset, previous: 0 };
}

function status(caseId: string, offset: number): Publication {
  return { kind: 'status', caseId, status: 0, seenAt: 0, ...POSITION, offset, previous: 0 };
}

/** Of `b`, everything up to 3 is gone. Of `quiet` there was never anything, and of `unread` nothing is known. */
const TAILS = new Map<string, { readonly completeAfter: number; readonly publications: Publication[] }>([
  ['a', { completeAfter: 0, publications: [message('a', 1), status('a', 4), message('a', 9)] }],
  ['b', { completeAfter: 3, publications: [message('b', 5), message('b', 8)] }],
  ['quiet', { completeAfter: 0, publications: [] }],
]);

function tailOf(caseId: string): Tail {
  const tail = new Tail();
  const kept = TAILS.get(caseId);
  if (kept) tail.absorb({ caseId, ...kept, exhausted: true, readStatus: null }, POSITION.offset);
  return tail;
}

const source = { position: POSITION, tail: tailOf } as unknown as RecoverySource;
const START: ResumeFrom = { kind: 'start' };

it('a publication has the bytes of its message', () => {
  expect([bytesOf(message('a', 1)), bytesOf(status('a', 1))]).toEqual([6, 0]);
});

describe('the extent of a replay from memory', () => {
  const extent = (from: ResumeFrom, history: number) =>
    extentInMemory({ caseIds: ['a', 'b', 'quiet'], from, history }, source);

  it('begins before the first publication of each ticket, or at the end of the feed', () => {
    expect(extent(START, 2)).toEqual({
      ...POSITION,
      floors: new Map([
        ['a', 3],
        ['b', 4],
        ['quiet', 10],
      ]),
      count: 4,
    });
  });

  it('begins at a position that is known', () => {
    const from: ResumeFrom = { kind: 'position', position: { ...POSITION, offset: 5 }, isProven: true };
    const floors = new Map(['a', 'b', 'quiet'].map((caseId) => [caseId, 5]));
    expect(extent(from, 0)).toEqual({ ...POSITION, floors, count: 2 });
  });
});

describe('a slice from memory', () => {
  const slice = (floors: Readonly<Record<string, number>>, changes: object = {}) =>
    sliceInMemory(
      { floors: new Map(Object.entries(floors)), after: 0, upTo: 10, maxEvents: 5, maxBytes: 24, ...changes },
      source,
    );
  const offsets = (...wanted: Parameters<typeof slice>) => slice(...wanted)?.publications?.map(({ offset }) => offset);

  it('has what came after the floor of each ticket, in the order of the feed', () => {
    expect(slice({ b: 4, a: 1 })).toEqual({
      ...POSITION,
      publications: [status('a', 4), message('b', 5), message('b', 8), message('a', 9)],
      lost: [],
    });
  });

  it('is of a part of the feed', () => {
    expect(offsets({ a: 0, b: 3 }, { after: 4, upTo: 8 })).toEqual([5, 8]);
    expect(offsets({ a: 0 }, { after: 1 })).toEqual([4, 9]);
    expect(offsets({ a: 4 }, { after: 1 })).toEqual([9]);
  });

  it('names tickets of which something is gone', () => {
    expect(slice({ a: 0, b: 2 })?.lost).toEqual(['b']);
    expect(slice({ a: 0, b: 3 })?.lost).toEqual([]);
  });

  it('is not there if a tail is not, or if publications are on their way', () => {
    expect(slice({ a: 0, unread: 0 })).toBeNull();
    expect(slice({ a: 0 }, { upTo: 11 })).toBeNull();
  });

  it('has no more than its bounds allow, but one publication is never too much', () => {
    const all = { a: 0, b: 3 };
    expect(slice(all)?.publications).toHaveLength(5);
    const tooMuch = { ...POSITION, publications: null, lost: [] };
    expect(slice(all, { maxEvents: 4 })).toEqual(tooMuch);
    expect(slice(all, { maxBytes: 23 })).toEqual(tooMuch);
    expect(slice({ a: 0, b: 2 }, { maxEvents: 1 })).toEqual(tooMuch);
    expect(offsets({ a: 4 }, { maxEvents: 0, maxBytes: 0 })).toEqual([9]);
    expect(offsets({ a: 10 }, { maxEvents: 0, maxBytes: 0 })).toEqual([]);
  });
});
