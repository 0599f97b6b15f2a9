import fc from 'fast-check';
import { formatPosition, newEpoch, parsePosition } from './stream-position.js';

const LATEST_MS = Date.UTC(2286, 0, 1);
const moments = fc.integer({ min: 0, max: LATEST_MS });
const salts = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const offsets = fc.integer({ min: 0, max: 999_999_999_999 });

describe('stream position', () => {
  it('is read back as it was written, in at most 64 characters', () => {
    fc.assert(
      fc.property(moments, salts, offsets, (now, random, offset) => {
        const position = { epoch: newEpoch(now, random), offset };
        const id = formatPosition(position);
        expect(parsePosition(id)).toEqual(position);
        expect(id.length).toBeLessThanOrEqual(64);
      }),
    );
  });

  it('grows as text with its offset', () => {
    fc.assert(
      fc.property(offsets, offsets, (one, other) => {
        const [a, b] = [one, other].map((offset) => formatPosition({ epoch: 'epoch0000', offset }));
        expect((a ?? '') < (b ?? '')).toBe(one < other);
      }),
    );
  });

  it('grows as text with the time of its epoch', () => {
    fc.assert(
      fc.property(moments, moments, salts, salts, (one, other, salt, pepper) => {
        fc.pre(one !== other);
        expect(newEpoch(one, salt) < newEpoch(other, pepper)).toBe(one < other);
      }),
    );
  });

  it('has different epochs that began in one millisecond', () => {
    expect(newEpoch(1, 0.25)).not.toBe(newEpoch(1, 0.75));
  });

  it('has epochs of one length, so that they compare as text', () => {
    expect([newEpoch(0, 0), newEpoch(36, 1.5 / 36 ** 5)]).toEqual(['00000000000000', '00000001000001']);
  });

  const POSITION = 'epoch0000-000000000001';
  it.each([
    '',
    ` ${POSITION}`,
    `${POSITION} `,
    `${POSITION}\n`,
    `A${POSITION}`,
    '5',
    'epoch0000',
    'epoch0000-5',
    'epoch0000-0000000000012',
    'EPOCH0000-000000000001',
    '-1-1',
  ])('refuses %p as a position', (id) => {
    expect(parsePosition(id)).toBeNull();
  });
});
