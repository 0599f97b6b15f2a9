import { feedKey } from '#core';
import { FirstAnswers } from './first-answers.js';

const KEY = feedKey({ language: 'zh-cn' });
const OTHER = feedKey({ language: 'en-us' });

describe('first answers', () => {
  let answered: Map<string, number | null>;
  let looks: (readonly string[])[];
  let fails: boolean;
  let answers: FirstAnswers;

  beforeEach(() => {
    jest.useFakeTimers();
    [answered, looks, fails] = [new Map(), [], false];
    answers = new FirstAnswers({
      answeredAt: async (_, caseIds) => {
        looks.push(caseIds);
        if (fails) throw new Error('out of reach');
        return caseIds.map((caseId) => (answered.has(caseId) ? 1 : null));
      },
      statuses: async (_, caseIds) => caseIds.map((caseId) => answered.get(caseId) ?? null),
    });
  });
  afterEach(() => jest.useRealTimers());

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  /** No timer is left, and nobody looks any more. */
  const isOver = async () => {
    await pass(100); // The last look.
    const before = looks.length;
    await pass(10_000);
    expect([jest.getTimerCount(), looks.length - before]).toEqual([0, 0]);
    expect((Reflect.get(answers, 'waiting') as Map<string, unknown>).size).toBe(0);
  };

  it('are not waited for where all are known, or where nobody may wait', async () => {
    answered.set('a', 0);
    expect(await answers.pending(KEY, ['a'], 1000)).toEqual([]);
    expect(await answers.pending(KEY, ['a', 'b'], 0)).toEqual(['b']);
    expect(looks).toEqual([['a'], ['a', 'b']]);
    await isOver();
  });

  it('end the wait as they come: an answer for the set is none for the ticket before its status is known', async () => {
    const waiting = answers.pending(KEY, ['a', 'b'], 60_000);
    answered.set('a', null);
    await pass(300);
    expect(looks.at(-1)).toEqual(['a', 'b']);
    answered.set('a', 0);
    await pass(100);
    answered.set('b', 1);
    await pass(100);
    expect(await waiting).toEqual([]);
    expect(looks.at(-1)).toEqual(['b']);
    await isOver();
  });

  it('are looked for once for all who wait for tickets of a feed', async () => {
    const waiting = [answers.pending(KEY, ['a'], 60_000), answers.pending(KEY, ['a', 'b'], 60_000)];
    const other = answers.pending(OTHER, ['c'], 60_000);
    await pass(0);
    looks = [];
    await pass(100);
    expect(looks).toEqual([['a', 'b'], ['c']]);
    ['a', 'b', 'c'].forEach((caseId) => answered.set(caseId, 0));
    await pass(100);
    expect(await Promise.all([...waiting, other])).toEqual([[], [], []]);
    await isOver();
  });

  it('are missed where they do not come in time, and waited for again by the next one', async () => {
    const missed = answers.pending(KEY, ['a', 'b'], 250);
    await pass(0);
    answered.set('b', 0);
    await pass(250);
    expect(await missed).toEqual(['a']);
    await isOver();
    const next = answers.pending(KEY, ['a'], 1000);
    await pass(0);
    answered.set('a', 0);
    await pass(100);
    expect(await next).toEqual([]);
    await isOver();
  });

  it('are waited for on while the store is out of reach', async () => {
    const waiting = answers.pending(KEY, ['a'], 60_000);
    await pass(0);
    fails = true;
    await pass(300);
    fails = false;
    answered.set('a', 0);
    await pass(100);
    expect(await waiting).toEqual([]);
    await isOver();
    fails = true;
    await expect(answers.pending(KEY, ['a'], 1000)).rejects.toThrow('out of reach');
  });
});
