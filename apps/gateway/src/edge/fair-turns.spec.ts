import { FairTurns } from './fair-turns.js';

const nextLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('requests that come together', () => {
  it('begin at once while they are few', () => {
    const turns = new FairTurns();
    const begun: number[] = [];
    for (let count = 0; count < 16; count += 1) expect(turns.take(Object, () => begun.push(count))).toBe(true);
    expect(begun).toHaveLength(16);
    expect(turns.owners).toBe(0);
  });

  it('begin a few in each turn of the event loop, and in order', async () => {
    const turns = new FairTurns();
    const begun: number[] = [];
    for (let count = 0; count < 40; count += 1) {
      turns.take(
        () => 'one',
        () => begun.push(count),
      );
    }
    const seen = [begun.length];
    for (let loop = 0; loop < 30 && begun.length < 40; loop += 1) {
      await nextLoop();
      seen.push(begun.length);
    }
    expect(begun).toEqual(Array.from({ length: 40 }, (_, count) => count));
    expect(Math.max(...seen.map((count, at) => count - (seen[at - 1] ?? 0)))).toBeLessThanOrEqual(16);
  });

  it('begin behind those that wait, also where one that waited has begun them', async () => {
    const turns = new FairTurns();
    const begun: string[] = [];
    const take = (owner: string, then = (): void => undefined) =>
      turns.take(
        () => owner,
        () => {
          begun.push(owner);
          then();
        },
      );
    for (let count = 0; count < 16; count += 1) take('first');
    expect(take('waits', () => expect(take('late')).toBe(false))).toBe(false);
    expect(take('waits too')).toBe(false);
    await nextLoop();
    expect(begun.slice(16)).toEqual(['waits', 'waits too', 'late']);
    expect(turns.owners).toBe(0);
  });

  it('take turns by owner, so that one that floods waits for itself', async () => {
    const turns = new FairTurns();
    const begun: string[] = [];
    for (let count = 0; count < 1000; count += 1) {
      turns.take(
        () => 'flood',
        () => begun.push('flood'),
      );
    }
    turns.take(
      () => 'honest',
      () => begun.push('honest'),
    );
    await nextLoop();
    await nextLoop();
    expect(begun.indexOf('honest')).toBeGreaterThan(0);
    expect(begun.indexOf('honest')).toBeLessThan(50);
  });
});
