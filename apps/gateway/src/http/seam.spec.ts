import type { PageBefore, Publication } from '#core';
import { LATE_S, seamOf, type SeamContext } from './seam.js';

const NOW = 1_750_000_003_000;
const message = (more: object) =>
  ({ kind: 'message', message: '{"type":0}', sentAt: 100_900, seenAt: 105_000, ...more }) as unknown as Publication;
const kept = (more: Partial<PageBefore> = {}) =>
  ({
    epoch: 'e',
    offset: 9,
    publications: [],
    known: true,
    isWanted: true,
    begins: null,
    oldest: null,
    ...more,
  }) as PageBefore;
const seam = (more: Partial<PageBefore> = {}, context: Partial<SeamContext> = {}) =>
  seamOf(kept(more), {
    place: null,
    before: Number.POSITIVE_INFINITY,
    after: 0,
    answeredAt: null,
    now: NOW,
    ...context,
  });

describe('the seam between history and the upstream', () => {
  it('H7: begins a little after the oldest message of history, because a message becomes visible late', () => {
    const found = seam({ oldest: message({}), begins: 5 });
    expect(found.start).toEqual({ part: 100 + LATE_S + 1, type: 0, second: 100 + LATE_S + 1, passed: 0 });
    expect([found.upTo, found.unseenFrom]).toEqual([5, 100]);
  });

  it('H7: goes by when a message was seen, if its own time could not be read', () => {
    expect(seam({ oldest: message({ sentAt: null }) }).unseenFrom).toBe(105);
  });

  it('H7: ends before the position that was asked for, where that is before history', () => {
    expect(seam({ oldest: message({}), begins: 5 }, { before: 3 }).upTo).toBe(3);
  });

  it('H7: tells that history began anew where it begins before the place', () => {
    const at = (second: number) => ({ place: { part: second, type: 1, second, passed: 2 } }) as const;
    const found = [99, 100, 101].map((second) => seam({ oldest: message({}), begins: 5 }, at(second)).hasBegunAnew);
    expect(found).toEqual([false, true, true]);
    expect(seam({ oldest: message({}), begins: 5 }).hasBegunAnew).toBe(false);
    expect(seam({}, at(100)).hasBegunAnew).toBe(false);
  });

  it('H9: is the same for all that ask within ten seconds, while history has no message', () => {
    const starts = [NOW, NOW + 2000, NOW + 6999].map((now) => seam({}, { now }).start.part);
    expect(new Set(starts).size).toBe(1);
    expect(starts[0]).toBeGreaterThan((NOW + 6999) / 1000);
  });

  it('H8: leaves to publications what the upstream shows from its last answer on', () => {
    expect(seam({}, { answeredAt: NOW }).unseenFrom).toBe(Math.floor(NOW / 1000) - LATE_S);
    // Nobody follows the ticket: nothing is still to be published.
    expect(seam().unseenFrom).toBe(Number.POSITIVE_INFINITY);
  });

  it('H8: does not take a status for a message', () => {
    const oldest = { kind: 'status', status: 1, seenAt: 105_000 } as unknown as Publication;
    expect(seam({ oldest }, { answeredAt: NOW }).unseenFrom).toBe(Math.floor(NOW / 1000) - LATE_S);
  });
});
