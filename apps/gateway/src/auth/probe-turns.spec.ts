import { ProbeTurns } from './probe-turns.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns of questions about rights', () => {
  let time: number;
  let began: string[];
  let ends: (() => void)[];
  let turns: ProbeTurns;
  const setUp = (authProbeMaxConcurrent: number, authProbeMaxRps: number) => {
    time = 0;
    began = [];
    ends = [];
    turns = new ProbeTurns({ authProbeMaxConcurrent, authProbeMaxRps }, () => time);
  };
  const ask = (client: string, isProven = true) =>
    turns.run({ client, isProven }, () => {
      began.push(client);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  /** Ends all that run; those that wait begin. */
  const end = async () => {
    ends.splice(0).forEach((each) => each());
    await settled();
    await settled();
  };

  it('are bounded at once, for all and for each client', async () => {
    setUp(8, 1000);
    const asked = ['a', 'a', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((client) => ask(client));
    await settled();
    expect(began).toEqual(['a', 'a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(turns.waiting).toBe(2);
    await end();
    await end();
    await Promise.all(asked);
    expect(began.slice(8)).toEqual(['a', 'h']);
  });

  it('are bounded in each second', async () => {
    setUp(100, 4);
    void ask('a');
    void ask('a');
    ['b', 'c', 'd', 'e'].forEach((client) => void ask(client));
    await settled();
    expect(began).toEqual(['a', 'b', 'c', 'd']);
    await end();
    expect(began).toHaveLength(4);
    time = 1000;
    void ask('f');
    await settled();
    expect(began.slice(4)).toEqual(['a', 'e', 'f']);
  });

  it('go round: a client with many questions does not delay another one', async () => {
    setUp(4, 1000);
    Array.from({ length: 10 }, () => void ask('many'));
    await settled();
    ['b', 'c', 'd', 'e'].forEach((client) => void ask(client));
    await settled();
    expect(began).toEqual(['many', 'b', 'c', 'd']);
    await end();
    expect(began.slice(4, 6).sort()).toEqual(['e', 'many']);
  });

  it('are bounded in the next second, too', async () => {
    setUp(100, 4);
    ['a', 'b', 'c', 'd'].forEach((client) => void ask(client));
    await settled();
    await end();
    time = 1000;
    ['e', 'f', 'g', 'h', 'i'].forEach((client) => void ask(client));
    await settled();
    expect([began.slice(4), turns.waiting]).toEqual([['e', 'f', 'g', 'h'], 1]);
  });

  it('go round, one for each client, also where only one runs at once', async () => {
    setUp(1, 1000);
    ['a', 'a', 'a', 'b', 'b', 'c'].forEach((client) => void ask(client));
    await settled();
    for (let count = 0; count < 5; count += 1) await end();
    expect(began).toEqual(['a', 'a', 'b', 'c', 'a', 'b']); // The first one had its turn before the others came.
  });

  it('are refused to all where too many wait altogether', async () => {
    setUp(1, 1000);
    void ask('first');
    await settled();
    for (let count = 0; count < 5000; count += 1) void ask(`client ${count % 100}`);
    expect(turns.waiting).toBe(5000);
    await expect(ask('another')).rejects.toMatchObject({ code: 'unavailable' });
    expect(turns.waiting).toBe(5000);
  });

  it('leave half to tokens that are known to be good', async () => {
    setUp(8, 1000);
    Array.from({ length: 10 }, (_, index) => void ask(`address ${index}`, false));
    await settled();
    expect(began).toHaveLength(4);
    void ask('good');
    await settled();
    expect(began.at(-1)).toBe('good');
  });

  it('are refused to a client with too many questions that wait', async () => {
    setUp(4, 1000);
    const asked = Array.from({ length: 52 }, () => ask('a'));
    await expect(asked.at(-1)).rejects.toMatchObject({ code: 'too_many', details: { status: 429 } });
    void ask('b');
    await settled();
    expect(began).toContain('b');
  });

  it('keep nothing of clients that have gone', async () => {
    setUp(4, 1000);
    const asked = ask('a');
    await settled();
    await end();
    await asked;
    time = 5000;
    const other = ask('b');
    await settled();
    await end();
    await other;
    expect([...(Reflect.get(turns, 'clients') as Map<string, unknown>).keys()]).toEqual(['b']);
  });
});
