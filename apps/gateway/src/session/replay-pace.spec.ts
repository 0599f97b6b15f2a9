import { ReplayPace } from './replay-pace.js';

describe('ReplayPace', () => {
  it('lets one part be written per turn of the event loop, in the order of asking', async () => {
    const pace = new ReplayPace(() => 0);
    const written: string[] = [];
    const turns: number[] = [];
    let turn = 0;
    const count = () => {
      turn += 1;
      if (written.length < 6) setImmediate(count);
    };
    setImmediate(count);
    const write = async (name: string) => {
      for (let part = 0; part < 2; part += 1) {
        await pace.turn();
        written.push(name);
        turns.push(turn);
      }
    };
    await Promise.all(['a', 'b', 'c'].map(write));
    expect(written).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(new Set(turns).size).toBe(6);
  });

  it('pauses all replays together for as long as they have worked', async () => {
    let now = 0;
    const pace = new ReplayPace(() => now);
    const waited: number[] = [];
    const write = async () => {
      for (let part = 0; part < 3; part += 1) {
        const askedAt = performance.now();
        await pace.turn();
        waited.push(performance.now() - askedAt);
        now += 15; // So long the turn takes.
      }
    };
    await Promise.all([write(), write()]);
    // Timers may fire a fraction of a millisecond early. The first of all waits for nothing.
    expect(waited.slice(1).every((ms) => ms > 13)).toBe(true);
  });

  it.each([
    [[1, 1], 2],
    [[15], 15],
    [[500], 20],
  ])('pauses after turns of %j ms for %d ms, whatever was done before an earlier pause', async (turns, pauseMs) => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const settled = async () => {
      for (let left = 5; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
    };
    try {
      let now = 0;
      const pace = new ReplayPace(() => now);
      for (let round = 0; round < 3; round += 1) {
        for (const ms of turns) {
          const begun = pace.turn().then(() => (now += ms)); // So long the turn takes.
          expect(await Promise.race([begun, settled().then(() => 'it pauses')])).toBe(now);
        }
        let isOver = false;
        void pace.turn().then(() => (isOver = true));
        await settled();
        jest.advanceTimersByTime(pauseMs - 1);
        await settled();
        expect(isOver).toBe(false);
        jest.advanceTimersByTime(1);
        await settled();
        expect(isOver).toBe(true);
      }
    } finally {
      jest.useRealTimers();
    }
  });
});
