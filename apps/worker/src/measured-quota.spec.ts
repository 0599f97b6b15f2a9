import { feedKey, type Quota, type TurnRequest } from '#core';

import { MeasuredQuota } from './measured-quota.js';

const FEED = feedKey({ language: 'en-us' });

describe('MeasuredQuota', () => {
  const turn = jest.fn<Promise<number>, [TurnRequest]>();
  const throttled = jest.fn<Promise<void>, [number, number]>();
  const waited: number[] = [];
  let quota: Quota;
  const ask = (id: number, now: number) => quota.turn({ ref: { feed: FEED, id }, rank: 0, now, isUnknown: false });

  beforeEach(() => {
    jest.resetAllMocks();
    waited.length = 0;
    quota = new MeasuredQuota({ turn, throttled }, (ms) => waited.push(ms));
  });

  it('measures from the first time that a set asks to its turn, of each set by itself, and of each turn anew', async () => {
    const answers = [300, 500, 200, 0, 0, 0, 40, 0];
    answers.forEach((wait) => turn.mockResolvedValueOnce(wait));
    const given = [
      await ask(1, 1000),
      await ask(2, 1100),
      await ask(1, 1300),
      await ask(1, 1500),
      await ask(2, 1600),
      await ask(1, 1700),
      await ask(1, 1800),
      await ask(1, 1840),
    ];
    expect(given).toEqual(answers);
    expect(waited).toEqual([500, 500, 0, 40]);
  });

  it('passes on that the account is throttled', async () => {
    throttled.mockResolvedValue();
    await quota.throttled(5000, 4000);
    expect(throttled.mock.calls).toEqual([[5000, 4000]]);
  });
});
