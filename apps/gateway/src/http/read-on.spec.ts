import { mayReadOn } from './read-on.js';

describe('what refused clients still send', () => {
  it('is read, 8 MiB at once and 1 MiB in each second after that, of all of them together', () => {
    // One budget serves the whole process, and other tests may have used it.
    const from = performance.now() + 100_000;
    expect(mayReadOn(8_388_608, from)).toBe(true);
    expect(mayReadOn(1, from)).toBe(false);
    expect([mayReadOn(1_048_576, from + 1000), mayReadOn(1, from + 1000)]).toEqual([true, false]);
    expect([mayReadOn(8_388_609, from + 100_000), mayReadOn(8_388_608, from + 100_000)]).toEqual([false, true]);
  });
});
