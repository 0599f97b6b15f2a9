import type { JsonText } from '../model/json.js';
import type { Publication } from '../model/publication.js';
import { partsOf } from './slice-parts.js';

const said = (bytes: number, offset = 0): Publication => ({
  ...{ kind: 'message', caseId: 'a', message: 'x'.repeat(bytes) as JsonText, sentAt: 0, seenAt: 0 },
  ...{ epoch: 'epoch0001', offset, previous: 0 },
});

describe('the parts of a slice', () => {
  it('have 100 publications at most, in the same order', () => {
    const publications = Array.from({ length: 250 }, (_, at) => said(1, at));
    const parts = partsOf(publications);
    expect(parts.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(parts.flat()).toEqual(publications);
  });

  it('have 48 KiB of messages at most, or one message', () => {
    const sizes = [20_000, 20_000, 20_000, 100_000, 49_152, 1];
    expect(partsOf(sizes.map((bytes) => said(bytes))).map(({ length }) => length)).toEqual([2, 1, 1, 1, 1]);
  });

  it('are full with exactly 48 KiB, and none is empty, whatever is the size of the first message', () => {
    const lengths = (...sizes: number[]) => partsOf(sizes.map((bytes) => said(bytes))).map(({ length }) => length);
    expect(lengths(24_576, 24_576, 1)).toEqual([2, 1]);
    expect(lengths(100_000, 1)).toEqual([1, 1]);
  });

  it('of nothing are none', () => {
    expect(partsOf([])).toEqual([]);
  });
});
