import type { TicketHistory } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
import { Tail } from './tail.js';

function publication(offset: number, previous = 0): Publication {
  return { kind: 'status', caseId: 'a', status: 0, seenAt: 0, epoch: 'epoch0000', offset, previous };
}

function history(offsets: readonly number[], completeAfter: number, exhausted = false): TicketHistory {
  return {
    caseId: 'a',
    publications: offsets.map((offset) => publication(offset)),
    completeAfter,
    exhausted,
    readStatus: null,
  };
}

function tailOf(past: TicketHistory): Tail {
  const tail = new Tail();
  tail.absorb(past, Number.POSITIVE_INFINITY);
  return tail;
}

const offsets = (publications: readonly Publication[]) => publications.map((one) => one.offset);

describe('Tail', () => {
  it('covers nothing before anything is known', () => {
    const tail = new Tail();
    expect([tail.covers(0, 0, 0), tail.covers(null, 0, 0), tail.covers(99, 0, 99)]).toEqual([false, false, false]);
  });

  it('covers what comes after the offset from which it is complete', () => {
    const tail = tailOf(history([5, 7], 4));
    expect([3, 4, 5].map((after) => tail.covers(after, 0, 7))).toEqual([false, true, true]);
    expect([3, 4, 5].map((after) => tail.lost(after))).toEqual([true, false, false]);
  });

  it('covers as many publications as it has up to an offset', () => {
    const tail = tailOf(history([5, 7], 4));
    expect([tail.covers(null, 2, 7), tail.covers(null, 3, 7), tail.covers(null, 2, 6)]).toEqual([true, false, false]);
  });

  it('covers any want once the store has nothing older', () => {
    expect(tailOf(history([5], 4, true)).covers(0, 100, 5)).toBe(true);
  });

  it('is complete from its first publication on if that is a live one', () => {
    const tail = new Tail();
    tail.append(publication(5));
    expect([tail.covers(4, 0, 5), tail.covers(3, 0, 5)]).toEqual([true, false]);
  });

  it('keeps what was published while the store was read', () => {
    const tail = tailOf(history([5], 4));
    tail.append(publication(8, 5));
    tail.absorb(history([2, 5], 1), 7);
    expect(offsets(tail.between(0, 8))).toEqual([2, 5, 8]);
    expect(tail.covers(1, 0, 8)).toBe(true);
  });

  it('takes in no history that ends before the tail begins: there would be a hole', () => {
    const tail = new Tail();
    [3, 4, 5].forEach((offset) => tail.append(publication(offset, offset - 1)));
    tail.trim(2);
    tail.absorb(history([1, 2], 0, true), 2);
    expect(offsets(tail.between(0, 5))).toEqual([4, 5]);
    expect(tail.covers(0, 0, 5)).toBe(false);
    tail.absorb(history([1, 2, 3], 0, true), 3);
    expect(offsets(tail.between(0, 5))).toEqual([1, 2, 3, 4, 5]);
    expect(tail.covers(0, 0, 5)).toBe(true);
  });

  it('knows that reading again brings no more when the store keeps less than the tail', () => {
    const tail = tailOf(history([5, 6, 7], 4));
    expect(tail.covers(3, 0, 7)).toBe(false);
    tail.absorb(history([7], 6, true), 7);
    expect(tail.covers(3, 0, 7)).toBe(true);
    expect([tail.lost(3), tail.lost(4)]).toEqual([true, false]);
    tail.absorb(history([7], 6), 7);
    expect(tail.covers(3, 0, 7)).toBe(true);
    expect(offsets(tail.between(0, 7))).toEqual([5, 6, 7]);
  });

  it('wants to be read again when the store was asked for less than the tail has', () => {
    const tail = tailOf(history([5, 6, 7], 4));
    tail.absorb(history([7], 6), 7);
    expect([tail.covers(3, 0, 7), tail.covers(4, 0, 7)]).toEqual([false, true]);
  });

  it('keeps its own copy of a publication that history has, too, because its frame may be encoded already', () => {
    const tail = new Tail();
    const live = publication(5);
    tail.append(live);
    tail.absorb(history([4, 5], 3), 5);
    expect(offsets(tail.last(2, 5))).toEqual([4, 5]);
    expect(tail.newest).toBe(live);
  });

  it('notices a hole by the previous offset of a publication', () => {
    const tail = tailOf(history([5], 4));
    expect(tail.continues(publication(9, 5))).toBe(true);
    expect(tail.continues(publication(9, 7))).toBe(false);
    expect(tailOf(history([], 7)).continues(publication(9, 7))).toBe(true);
  });

  it('does not keep what came before a gap, because that would hide the hole', () => {
    const tail = tailOf(history([8, 9], 7));
    tail.append(publication(3));
    tail.append(publication(7));
    tail.append(publication(10, 9));
    expect(offsets(tail.last(10, 10))).toEqual([8, 9, 10]);
  });

  it('gives ranges and last publications, up to an offset', () => {
    const tail = tailOf(history([2, 4, 6, 8], 0, true));
    expect(offsets(tail.between(2, 6))).toEqual([4, 6]);
    expect(offsets(tail.last(2, 7))).toEqual([4, 6]);
    expect(tail.last(0, 8)).toEqual([]);
  });

  it('knows what it trimmed, down to nothing', () => {
    const tail = tailOf(history([2, 4, 6], 0, true));
    tail.trim(2);
    expect([tail.size, tail.covers(1, 0, 6), tail.covers(2, 0, 6)]).toEqual([2, false, true]);
    tail.trim(0);
    expect([tail.size, tail.covers(5, 0, 6), tail.covers(6, 0, 6)]).toEqual([0, false, true]);
    expect(tail.continues(publication(7, 6))).toBe(true);
  });

  it('trims nothing if it has less', () => {
    const tail = tailOf(history([2], 0, true));
    tail.trim(5);
    expect([tail.size, tail.covers(0, 50, 2)]).toEqual([1, true]);
  });

  it('starts again when it is cleared', () => {
    const tail = tailOf(history([2], 0, true));
    tail.clear();
    expect([tail.size, tail.covers(2, 0, 2)]).toEqual([0, false]);
  });

  it('has a greater number after each change, by which replays of before are not used again', () => {
    const tail = new Tail();
    const numbers = [tail.changedAt];
    for (const change of [
      () => tail.append(publication(5)),
      () => tail.absorb(history([3, 4, 5], 2), 5),
      () => tail.trim(1),
      () => tail.clear(),
    ]) {
      change();
      numbers.push(tail.changedAt);
    }
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(new Tail().changedAt).toBeGreaterThan(numbers.at(-1) ?? 0);
  });
});
