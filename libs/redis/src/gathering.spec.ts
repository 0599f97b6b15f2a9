import { Gathering } from './gathering.js';

describe('Gathering', () => {
  const calls: (readonly number[])[] = [];
  let ends: ((fails?: boolean) => void)[];
  beforeEach(() => {
    calls.length = 0;
    ends = [];
  });

  /** What is asked is answered with its tenfold. */
  const gathering = (bounds: { most: number; calls: number }) =>
    new Gathering<number, number>(bounds, (asks) => {
      calls.push(asks);
      return new Promise((resolve, reject) =>
        ends.push((fails = false) =>
          fails ? reject(new Error('out of reach')) : resolve(asks.map((ask) => 10 * ask)),
        ),
      );
    });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const end = async (fails = false) => {
    ends.shift()?.(fails);
    await turn();
    await turn(); // The next call comes in the turn after that of the answer.
  };

  it('asks together what is asked in one turn, as much as one call may ask, and answers each with its own', async () => {
    const all = gathering({ most: 2, calls: 2 });
    const answers = [1, 2, 3].map((ask) => all.ask(ask));
    expect(calls).toEqual([]);
    await turn();
    expect(calls).toEqual([[1, 2], [3]]);
    await end();
    await end();
    expect(await Promise.all(answers)).toEqual([10, 20, 30]);
  });

  it('asks next what came while as many calls were under way as may be', async () => {
    const all = gathering({ most: 2, calls: 1 });
    const first = all.ask(1);
    await turn();
    const later = [2, 3, 4].map((ask) => all.ask(ask));
    await turn();
    expect(calls).toEqual([[1]]);
    await end();
    expect([await first, calls]).toEqual([10, [[1], [2, 3]]]);
    await end();
    expect(calls).toEqual([[1], [2, 3], [4]]);
    await end();
    expect(await Promise.all(later)).toEqual([20, 30, 40]);
  });

  it('tells a failure to all whom it concerns, and goes on with the others', async () => {
    const all = gathering({ most: 2, calls: 1 });
    const asked = Promise.allSettled([1, 2, 3].map((ask) => all.ask(ask)));
    await turn();
    await end(true);
    await end();
    expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('asks at once what waits, before anything else is sent', async () => {
    const all = gathering({ most: 2, calls: 1 });
    const answers = [1, 2, 3].map((ask) => all.ask(ask));
    all.askAll();
    expect(calls).toEqual([[1, 2], [3]]);
    await end();
    await end();
    expect(await Promise.all(answers)).toEqual([10, 20, 30]);
    expect(calls).toHaveLength(2);
  });
});
