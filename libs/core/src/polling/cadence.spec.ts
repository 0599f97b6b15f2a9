import fc from 'fast-check';
import { firstDue, intervalFor, nextDue, nextIdleDue, retryDelay } from './cadence.js';

const PACE = { intervalMs: 1000, intervalMaxMs: 5000 };
const NOW = 1_750_000_000_000;
const nows = fc.integer({ min: NOW, max: NOW + 1_000_000 });
const setIds = fc.integer({ min: 1, max: 100_000 });

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
      fc.property(setIds, nows, (setId, now) => {
        const due = nextDue(setId, now, 1000);
        expect(due).toBeGreaterThan(now);
        expect(due - now).toBeLessThanOrEqual(1001);
      }),
    );
  });

  it('keeps to the phase however late a poll was', () => {
    fc.assert(
      fc.property(setIds, nows, fc.nat({ max: 900 }), (setId, now, late) => {
        const due = nextDue(setId, now, 1000);
        expect(nextDue(setId, due + late, 1000)).toBe(due + 1000);
      }),
    );
  });

  it('spreads the sets of a feed over the interval', () => {
    const sets = 50;
    const phases = Array.from({ length: sets }, (_, index) => nextDue(index + 1, NOW, 1000) - NOW).sort(
      (a, b) => a - b,
    );
    const distances = phases.slice(1).map((phase, index) => phase - (phases[index] ?? 0));
    // Evenly spread they would be 20 ms apart; the golden ratio keeps the widest below three times that.
    expect(Math.max(...distances)).toBeLessThan(60);
    expect(Math.min(...distances)).toBeGreaterThan(0);
    expect((phases.at(-1) ?? 0) - (phases[0] ?? 0)).toBeGreaterThan(900);
  });
});

describe('firstDue', () => {
  it('is a tick of the set’s phase, one interval away on average', () => {
    const waits = Array.from({ length: 1000 }, (_, index) => firstDue(index + 1, NOW, 1000) - NOW);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1501);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(1000, -1);
    expect(waits.map((wait, at) => nextDue(at + 1, NOW + wait - 1, 1000) - NOW)).toEqual(waits);
  });
});

describe('nextIdleDue', () => {
  it('never makes a set that slows down poll in a burst, nor wait for two intervals', () => {
    fc.assert(
      fc.property(setIds, nows, fc.integer({ min: 30_001, max: 200_000 }), (setId, now, idle) => {
        const interval = intervalFor(idle, PACE);
        fc.pre(interval > PACE.intervalMs);
        const wait = nextIdleDue(setId, now, idle, PACE) - now;
        expect(wait).toBeGreaterThanOrEqual(interval / 2);
        expect(wait).toBeLessThanOrEqual(interval * 1.5 + 1);
      }),
    );
  });

  it('is the usual tick at full pace', () => {
    expect(nextIdleDue(7, NOW, 0, PACE)).toBe(nextDue(7, NOW, 1000));
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
