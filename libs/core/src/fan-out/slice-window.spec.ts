import { SliceWindow } from './slice-window.js';

const BOUNDS = { sliceMax: 1000, sliceMaxBytes: 100_000 };

describe('SliceWindow', () => {
  it.each([
    [1000, 1000, 750],
    [1_000_000, 10_000, 75_000],
    [100, 5000, 750],
    [5_000_000, 0, 3_750_000_000],
  ])('of a span of %d offsets with %d publications is first %d wide', (span, count, width) => {
    expect(new SliceWindow(span, count, BOUNDS).width).toBe(width);
  });

  it('shrinks where there are too many publications, to one offset at last', () => {
    const window = new SliceWindow(1000, 1000, BOUNDS);
    const widths = Array.from({ length: 6 }, () => (window.shrink(), window.width));
    expect(widths).toEqual([187, 46, 11, 2, 1, 1]);
  });

  it('follows what the slices have: events and bytes', () => {
    const window = new SliceWindow(1000, 1000, BOUNDS);
    window.fit(375, 0);
    expect(window.width).toBe(1500);
    window.fit(0, 0);
    expect(window.width).toBe(6000);
    window.fit(10, 100_000);
    expect(window.width).toBe(4500);
    window.fit(750, 75_000);
    expect(window.width).toBe(4500);
  });
});
