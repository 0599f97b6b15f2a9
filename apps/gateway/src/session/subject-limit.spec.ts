import type { ConnectionCounts } from './connection-counts.js';
import { SubjectLimit } from './subject-limit.js';
import { until } from '../../../../test/harness/until.js';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const away = () => Promise.reject(new Error('out of reach'));

function fixture(most = 2) {
  const counts = {
    add: jest.fn<Promise<boolean>, [string, number, number]>(async () => true),
    set: jest.fn<Promise<void>, [string, number]>(async () => undefined),
    renew: jest.fn<Promise<boolean>, []>(async () => true),
    tellFull: jest.fn(),
    listen: jest.fn(),
  } satisfies ConnectionCounts;
  let now = 0;
  const limit = new SubjectLimit(counts, most, () => now);
  return { counts, limit, advance: (ms: number) => void (now += ms) };
}

describe('SubjectLimit', () => {
  it('asks the store with what this gateway has, and does not where that is enough', async () => {
    const { counts, limit } = fixture();
    expect(await Promise.all([limit.add('a'), limit.add('a'), limit.add('a')])).toEqual([
      'counted',
      'counted',
      'full_here',
    ]);
    expect(counts.add.mock.calls).toEqual([
      ['a', 0, 2],
      ['a', 1, 2],
    ]);
    counts.add.mockResolvedValueOnce(false);
    expect(await limit.add('b')).toBe('full_elsewhere');
    expect([limit.of('a'), limit.of('b')]).toEqual([2, 0]);
  });

  it('tells the store what is left, once per tick', async () => {
    const { counts, limit } = fixture(5);
    for (let count = 0; count < 4; count += 1) await limit.add('a');
    limit.remove('a');
    limit.remove('a');
    await until(() => counts.set.mock.calls.length > 0);
    expect(counts.set.mock.calls).toEqual([['a', 2]]);
    limit.remove('a');
    limit.remove('a');
    await until(() => counts.set.mock.calls.length > 1);
    expect(counts.set.mock.calls).toEqual([
      ['a', 2],
      ['a', 0],
    ]);
  });

  it('counts alone while the store fails, does not ask it for a second, and tells it all later', async () => {
    const { counts, limit, advance } = fixture();
    counts.add.mockImplementation(away);
    counts.set.mockImplementation(away);
    counts.renew.mockImplementation(away);
    expect([await limit.add('a'), await limit.add('a'), await limit.add('a')]).toEqual([
      'counted',
      'counted',
      'full_here',
    ]);
    expect(counts.add).toHaveBeenCalledTimes(1);
    advance(1000);
    await limit.add('b');
    expect(counts.add).toHaveBeenCalledTimes(2);
    await expect(limit.renew()).rejects.toThrow('out of reach');
    limit.remove('a');
    await wait(20);
    expect(counts.set).not.toHaveBeenCalled();
    counts.set.mockImplementation(async () => undefined);
    counts.renew.mockResolvedValueOnce(false);
    await limit.renew();
    expect(counts.set.mock.calls.sort()).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
  });

  it('lets a connection in that the store does not answer for, and corrects its number if it answers later', async () => {
    const { counts, limit, advance } = fixture();
    let answer: (isCounted: boolean) => void = () => undefined;
    counts.add.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const startedAt = performance.now();
    expect(await limit.add('a')).toBe('counted');
    expect(performance.now() - startedAt).toBeLessThan(1000);
    answer(false);
    advance(1000);
    await limit.renew();
    expect([limit.of('a'), counts.set.mock.calls]).toEqual([1, [['a', 1]]]);
  });

  it('lets connections that waited in vain in some at a time, so that deliveries come between them', async () => {
    const { counts, limit } = fixture();
    counts.add.mockImplementation(() => new Promise(() => undefined));
    let most = 0;
    let turn = 0;
    let isOver = false;
    // Until the first goes on, there are some hundred thousand turns.
    const nextTurn = () => {
      most = Math.max(most, turn);
      turn = 0;
      if (!isOver) setImmediate(nextTurn);
    };
    const added = Array.from({ length: 200 }, async (_, at) => {
      expect(await limit.add(`subject ${at}`)).toBe('counted');
      turn += 1;
    });
    nextTurn();
    await Promise.all(added);
    isOver = true;
    // The order of two immediates may change: then two turns look like one.
    expect(Math.max(most, turn)).toBeLessThanOrEqual(32);
  });

  it('tells everything again before the store forgets it, some hundred at once', async () => {
    const { counts, limit, advance } = fixture();
    await limit.renew();
    for (let at = 0; at < 1200; at += 1) await limit.add(`subject ${at}`);
    await limit.renew();
    expect(counts.set).not.toHaveBeenCalled();
    advance(1_200_000);
    await limit.renew();
    expect(counts.set).toHaveBeenCalledTimes(500);
    const told = () => new Set(counts.set.mock.calls.map(([subject]) => subject)).size;
    await until(() => told() === 1200);
  });

  describe('after the store was told everything once', () => {
    /** Advances by the time for which the store is not asked after a failure. */
    async function told(most = 5) {
      const made = fixture(most);
      await made.limit.renew();
      return { ...made, renew: async () => (made.advance(1000), made.limit.renew()) };
    }

    it('tells it a number that it did not take, and no other one', async () => {
      const { counts, limit, renew } = await told();
      await limit.add('known');
      counts.add.mockImplementationOnce(away);
      await limit.add('a');
      await renew();
      expect(counts.set.mock.calls).toEqual([['a', 1]]);
    });

    it('tells it again what it did not hear', async () => {
      const { counts, limit, renew } = await told();
      await limit.add('a');
      await limit.add('a');
      counts.set.mockImplementationOnce(away);
      limit.remove('a');
      await until(() => counts.set.mock.calls.length === 1);
      await renew();
      await renew();
      expect(counts.set.mock.calls).toEqual([
        ['a', 1],
        ['a', 1],
      ]);
    });

    it('tells it all numbers when it has forgotten them', async () => {
      const { counts, limit, renew } = await told();
      await limit.add('a');
      await limit.add('b');
      counts.renew.mockResolvedValueOnce(false);
      await renew();
      expect(counts.set.mock.calls).toEqual([
        ['a', 1],
        ['b', 1],
      ]);
    });
  });
});
