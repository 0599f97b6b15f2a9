import fc from 'fast-check';

import { shareOf } from './share-of.js';

const NOW = 1_750_000_000_000;
const named = (limits: readonly (number | null)[]) => limits.map((limit, at) => ({ id: `w${at}`, limit }));
const shares = (limits: readonly (number | null)[], total: number, now = NOW) =>
  named(limits).map(({ id }) => shareOf(id, named(limits), total, now));
const limits = fc.array(fc.option(fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 12 });

describe('shareOf', () => {
  it.each([
    [[null, null, null, null], 24, [6, 6, 6, 6]],
    [[null, null, null, null], 6, [2, 2, 1, 1]],
    [[4, null, null], 24, [4, 10, 10]],
    [[4, null, 30], 24, [4, 10, 10]],
    [[4, 4], 24, [12, 12]],
    [[2, null, 9], 24, [2, 13, 9]],
  ])('of workers with limits %j is, of %d sets, %j', (given, total, expected) => {
    expect(shares(given, total)).toEqual(expected);
  });

  it('adds up to all sets, whatever the limits are', () => {
    fc.assert(
      fc.property(limits, fc.nat({ max: 3000 }), (given, total) => {
        expect(shares(given, total).reduce((sum, share) => sum + share, 0)).toBe(total);
      }),
    );
  });

  it('is nothing for a worker that nobody sees', () => {
    expect(shareOf('another', named([null, null]), 24, NOW)).toBe(0);
  });

  it('stays with the same workers where all are limited, and fewer sets are left than workers', () => {
    const [now, later] = [shares([4, 4, 4], 13), shares([4, 4, 4], 13, NOW + 10_000)];
    expect(now.toSorted()).toEqual([4, 4, 5]);
    expect(later).toEqual(now);
  });

  it('goes round where there are fewer sets than workers', () => {
    const had = [0, 0, 0, 0];
    for (let at = 0; at < 80; at += 10) {
      shares([null, null, null, null], 1, NOW + at * 1000).forEach(
        (share, worker) => (had[worker] = (had[worker] ?? 0) + share),
      );
    }
    expect(had).toEqual([2, 2, 2, 2]);
  });
});
