import { ManualClock } from '#testing';
import { feedKey } from '../model/feed.js';
import { LastAnswers } from './last-answers.js';

const FEED = feedKey({ language: 'en-us' });

describe('LastAnswers', () => {
  const clock = new ManualClock();
  const answeredAt = jest.fn(async (_: string, caseIds: readonly string[]) => caseIds.map(() => clock.now()));
  let answers: LastAnswers;
  beforeEach(() => {
    answeredAt.mockClear();
    answers = new LastAnswers({ answeredAt }, clock);
  });

  it('asks once in a second for each ticket, whoever wants to know', async () => {
    const [first] = await Promise.all([answers.of(FEED, ['a', 'b']), answers.of(FEED, ['b', 'c'])]);
    clock.advance(999);
    expect(await answers.of(FEED, ['a', 'b'])).toEqual(first);
    expect(answeredAt.mock.calls.map(([, caseIds]) => caseIds)).toEqual([['a', 'b'], ['c']]);
    clock.advance(1);
    expect((await answers.of(FEED, ['a'])).get('a')).toBe(clock.now());
  });

  it('tells at once what it asked for within a second', async () => {
    const asking = answers.of(FEED, ['a', 'b']);
    expect(answers.known(FEED, ['a'])).toBeNull();
    const told = await asking;
    expect(answers.known(FEED, ['a', 'b'])).toEqual(told);
    expect(answers.known(FEED, ['a', 'c'])).toBeNull();
    clock.advance(1000);
    expect(answers.known(FEED, ['a'])).toBeNull();
  });

  it('keeps feeds apart, and null where nothing was answered', async () => {
    answeredAt.mockResolvedValueOnce([null] as never);
    expect((await answers.of(FEED, ['a'])).get('a')).toBeNull();
    expect((await answers.of(feedKey({ language: 'zh-cn' }), ['a'])).get('a')).toBe(clock.now());
  });

  it('asks again after the store was out of reach', async () => {
    answeredAt.mockRejectedValueOnce(new Error('out of reach'));
    await expect(answers.of(FEED, ['a'])).rejects.toThrow('out of reach');
    expect((await answers.of(FEED, ['a'])).get('a')).toBe(clock.now());
  });
});
