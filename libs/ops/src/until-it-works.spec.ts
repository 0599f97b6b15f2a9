import { untilItWorks } from './until-it-works.js';

describe('untilItWorks', () => {
  const onError = jest.fn();
  beforeEach(() => onError.mockReset());

  it('tries again with growing pauses, and not as fast as it can', async () => {
    const at: number[] = [];
    const began = performance.now();
    await untilItWorks(
      async () => {
        at.push(performance.now() - began);
        if (at.length < 4) throw new Error('NOPERM');
      },
      () => false,
      onError,
    );
    const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(pauses.map((ms) => ms > 200)).toEqual([true, true, true]);
    expect((pauses[2] ?? 0) - (pauses[0] ?? 0)).toBeGreaterThan(500);
    expect(onError).toHaveBeenCalledTimes(3);
  });

  it('does not try any more once it is over', async () => {
    let isOver = false;
    const attempt = jest.fn(async () => {
      isOver = true;
      throw new Error('away');
    });
    await untilItWorks(attempt, () => isOver, onError);
    await untilItWorks(attempt, () => isOver, onError);
    expect([attempt.mock.calls.length, onError.mock.calls.length]).toEqual([1, 1]);
  });
});
