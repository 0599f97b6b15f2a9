import { UnsentLimit } from './unsent-limit.js';

describe('UnsentLimit', () => {
  it('bounds the unsent bytes', () => {
    const limit = new UnsentLimit(1000);
    expect(limit.isExceeded(1000)).toBe(false);
    expect(limit.isExceeded(1001)).toBe(true);
  });

  it('allows a replay on top, as long as it shrinks', () => {
    const limit = new UnsentLimit(1000);
    limit.replayed(5000);
    expect(limit.isExceeded(5900)).toBe(false);
    limit.sweep(2000);
    expect(limit.isExceeded(2900)).toBe(false);
    expect(limit.isExceeded(3100)).toBe(true);
    limit.sweep(0);
    expect(limit.isExceeded(1001)).toBe(true);
  });

  it('stops allowing a replay that does not shrink', () => {
    const limit = new UnsentLimit(1000);
    limit.replayed(5000);
    for (let second = 0; second < 10; second += 1) {
      expect(limit.isExceeded(5000)).toBe(false);
      limit.sweep(5000);
    }
    expect(limit.isExceeded(5000)).toBe(true);
  });

  it('allows each replay as long as any other, whatever the one before did', () => {
    const limit = new UnsentLimit(1000);
    limit.replayed(5000);
    for (let second = 0; second < 9; second += 1) limit.sweep(5000);
    limit.replayed(5000);
    for (let second = 0; second < 9; second += 1) limit.sweep(5000);
    expect(limit.isExceeded(5000)).toBe(false);
    limit.sweep(4000); // It shrinks again: it is not stalled any more.
    for (let second = 0; second < 9; second += 1) limit.sweep(4000);
    expect(limit.isExceeded(4000)).toBe(false);
    limit.sweep(4000);
    expect(limit.isExceeded(4000)).toBe(true);
  });
});
