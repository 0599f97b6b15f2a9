import { feedKey, type SetRef } from '#core';
import { PollTimers } from './poll-timers.js';

const [A, B]: [SetRef, SetRef] = [
  { feed: feedKey({ language: 'en-us' }), id: 1 },
  { feed: feedKey({ language: 'en-us', groupId: 'g' }), id: 1 },
];

describe('PollTimers', () => {
  let timers: PollTimers;
  let ended: string[];
  beforeEach(() => {
    jest.useFakeTimers();
    timers = new PollTimers();
    ended = [];
  });
  afterEach(() => void jest.useRealTimers());

  const begin = (ref: SetRef, ms: number, name: string) =>
    void timers.until(ref, ms).then((continues) => ended.push(`${name} ${continues}`));

  it('end when their time has come, not before', async () => {
    begin(A, 99.2, 'a');
    await jest.advanceTimersByTimeAsync(99);
    expect(ended).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['a true']);
  });

  it('do not exist for times in the past', async () => {
    begin(A, 0, 'a');
    begin(B, -5, 'b');
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toEqual(['a true', 'b true']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('end early one by one, and leave nothing behind', async () => {
    begin(A, 1000, 'a');
    begin(B, 1000, 'b');
    timers.end(A);
    timers.end(A);
    await jest.advanceTimersByTimeAsync(0);
    expect([ended, jest.getTimerCount()]).toEqual([['a true'], 1]);
    begin(A, 50, 'a again');
    await jest.advanceTimersByTimeAsync(50);
    expect(ended).toEqual(['a true', 'a again true']);
  });

  it('are no more there to be ended once their time has come', async () => {
    begin(A, 10, 'a');
    begin(B, 1000, 'b');
    await jest.advanceTimersByTimeAsync(10);
    expect(timers.leaveSome(2)).toBe(1);
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toEqual(['a true', 'b false']);
  });

  it('begin again after a pause', async () => {
    timers.close();
    timers.open();
    begin(A, 10, 'a');
    await jest.advanceTimersByTimeAsync(10);
    expect(ended).toEqual(['a true']);
  });

  it('end all together for good', async () => {
    begin(A, 1000, 'a');
    begin(B, 1000, 'b');
    timers.close();
    await jest.advanceTimersByTimeAsync(0);
    begin(A, 1000, 'late');
    await jest.advanceTimersByTimeAsync(0);
    expect([ended, jest.getTimerCount()]).toEqual([['a false', 'b false', 'late false'], 0]);
  });
});
