import { ManualClock } from '#testing';
import fc from 'fast-check';
import { feedKey } from '../model/feed.js';
import type { SetRef } from '../model/set-ref.js';
import { firstDue, intervalFor, nextDue, nextIdleDue, retryDelay } from './cadence.js';

const PACE = { intervalMs: 1000, intervalMaxMs: 5000 };
const NOW = 1_750_000_000_000;
const nows = fc.integer({ min: NOW, max: NOW + 1_000_000 });
const refOf = (id: number, groupId = 'G1'): SetRef => ({ feed: feedKey({ language: 'zh-cn', groupId }), id });
const refs = fc
  .tuple(fc.integer({ min: 1, max: 100_000 }), fc.nat({ max: 100_000 }))
  .map(([id, group]) => refOf(id, `G${group}`));

describe('intervalFor', () => {
  it('stays at full pace while a conversation may go on, then slows down smoothly to the slowest', () => {
    expect([0, 29_000, 30_000].map((idle) => intervalFor(idle, PACE))).toEqual([1000, 1000, 1000]);
    expect([40_000, 70_000, 3_600_000].map((idle) => intervalFor(idle, PACE))).toEqual([2000, 5000, 5000]);
  });

  it('is never below full pace, even if the slowest interval is set to less', () => {
    expect(intervalFor(1e9, { intervalMs: 1000, intervalMaxMs: 500 })).toBe(1000);
  });
});

describe('nextDue', () => {
  it('is the next tick of the set’s own phase: later than now, by at most one interval', () => {
    fc.assert(
      fc.property(refs, nows, (ref, now) => {
        const due = nextDue(ref, now, 1000);
        expect(due).toBeGreaterThan(now);
        expect(due - now).toBeLessThanOrEqual(1001);
      }),
    );
  });

  it('keeps to the phase however late a poll was', () => {
    fc.assert(
      fc.property(refs, nows, fc.nat({ max: 900 }), (ref, now, late) => {
        const due = nextDue(ref, now, 1000);
        expect(nextDue(ref, due + late, 1000)).toBe(due + 1000);
      }),
    );
  });

  it('spreads the sets of a feed over the interval', () => {
    const sets = 50;
    const phases = Array.from({ length: sets }, (_, index) => nextDue(refOf(index + 1), NOW, 1000) - NOW).sort(
      (a, b) => a - b,
    );
    const distances = phases.slice(1).map((phase, index) => phase - (phases[index] ?? 0));
    // Evenly spread they would be 20 ms apart; the golden ratio keeps the widest below three times that.
    expect(Math.max(...distances)).toBeLessThan(60);
    expect(Math.min(...distances)).toBeGreaterThan(0);
    expect((phases.at(-1) ?? 0) - (phases[0] ?? 0)).toBeGreaterThan(900);
  });

  // Each polls at its due times for 10 s. The mean of 500 sets at 1 s is 25 requests in 50 ms.
  it.each([
    ['500 sets of one feed', (at: number) => refOf(at + 1)],
    ['500 feeds of one set', (at: number) => refOf(1, `G${at}`)],
    [
      '500 feeds of one set whose names are long',
      (at: number) => refOf(1, `${at}-of-a-department-with-a-name-${at % 7}`),
    ],
    ['50 feeds of ten sets', (at: number) => refOf(1 + (at % 10), `team-${Math.floor(at / 10)}`)],
  ])('spreads %s: no 50 ms have twice the mean', (_, refAt) => {
    const clock = new ManualClock();
    const [start, end] = [clock.now(), clock.now() + 10_000];
    const sent: number[] = [];
    const dues = Array.from({ length: 500 }, (_unused, at) => nextDue(refAt(at), start, 1000));
    for (; clock.now() < end; clock.advance(1)) {
      dues.forEach((due, at) => {
        if (due <= clock.now()) {
          sent.push(clock.now());
          dues[at] = nextDue(refAt(at), clock.now(), 1000);
        }
      });
    }
    const within50Ms = sent.map((from, at) => sent.slice(at, at + 100).filter((other) => other < from + 50).length);
    expect(sent.length).toBeGreaterThanOrEqual(4990);
    expect(Math.max(...within50Ms)).toBeLessThanOrEqual(50);
  });
});

describe('firstDue', () => {
  it('is a tick of the set’s phase, one interval away on average', () => {
    const waits = Array.from({ length: 1000 }, (_, index) => firstDue(refOf(index + 1), NOW, 1000) - NOW);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1501);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(1000, -1);
    expect(waits.map((wait, at) => nextDue(refOf(at + 1), NOW + wait - 1, 1000) - NOW)).toEqual(waits);
  });

  it('is the next tick if that is half an interval away, and the one after it if it is less', () => {
    const due = nextDue(refOf(1), NOW, 1000);
    expect([firstDue(refOf(1), due - 500, 1000), firstDue(refOf(1), due - 499, 1000)]).toEqual([due, due + 1000]);
  });
});

describe('nextIdleDue', () => {
  it('never makes a set that slows down poll in a burst, nor wait for two intervals', () => {
    fc.assert(
      fc.property(refs, nows, fc.integer({ min: 30_001, max: 200_000 }), (ref, now, idle) => {
        const interval = intervalFor(idle, PACE);
        fc.pre(interval > PACE.intervalMs);
        const wait = nextIdleDue(ref, now, idle, PACE) - now;
        expect(wait).toBeGreaterThanOrEqual(interval / 2);
        expect(wait).toBeLessThanOrEqual(interval * 1.5 + 1);
      }),
    );
  });

  it('is the usual tick at full pace', () => {
    expect(nextIdleDue(refOf(7), NOW, 0, PACE)).toBe(nextDue(refOf(7), NOW, 1000));
  });
});

describe('retryDelay', () => {
  it('grows from one interval to half a second more', () => {
    expect([1, 2, 3, 4, 50].map((failures) => retryDelay(failures, 0, 1000))).toEqual([1063, 1125, 1250, 1500, 1500]);
  });

  it('takes up to half of the part beyond the interval off at random', () => {
    expect(retryDelay(4, 0.5, 5000)).toBe(5375);
    expect(retryDelay(4, 0.999, 5000)).toBeGreaterThanOrEqual(5250);
  });

  it('never asks faster than before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat({ max: 10_000 }),
        (failures, random, interval) => expect(retryDelay(failures, random, interval)).toBeGreaterThanOrEqual(interval),
      ),
    );
  });
});
