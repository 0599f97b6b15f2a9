import { LinePause } from './line-pause.js';

describe('the pause between lines', () => {
  /** Says a line as soon as it may. @returns how long each of them waited, ms */
  const waits = (pause: LinePause, from: number, count: number): number[] => {
    let saidAt = from;
    return Array.from({ length: count }, () => {
      let now = saidAt;
      while (!pause.isOver(now)) now += 1000;
      pause.said(now);
      const waited = now - saidAt;
      saidAt = now;
      return waited;
    });
  };

  it('is short for some lines in a row, then grows up to a minute', () => {
    const pause = new LinePause();
    expect(waits(pause, 0, 13)).toEqual([0, ...Array<number>(7).fill(5000), 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('is short again after a quiet time of twice the pause, and for as many lines as at first', () => {
    const pause = new LinePause();
    const grown = waits(pause, 0, 12).reduce((sum, ms) => sum + ms, 0);
    pause.said(grown + 119_999); // Not quiet for long enough.
    expect(pause.isOver(grown + 119_999 + 59_999)).toBe(false);
    const quiet = grown + 119_999 + 120_000;
    pause.said(quiet);
    expect([pause.isOver(quiet + 4999), pause.isOver(quiet + 5000)]).toEqual([false, true]);
    expect(waits(pause, quiet, 8)).toEqual([...Array<number>(7).fill(5000), 10_000]);
  });
});
