import { TooManyUnknownTickets } from '#core';
import { PolledInterest } from './polled-interest.js';

const FEED = { language: 'zh-cn' };

describe('polled interest', () => {
  let time = 0;
  const acquire = jest.fn(async (_feed: unknown, _caseIds: readonly string[]) => undefined);
  const release = jest.fn(async (_feed: unknown, _caseIds: readonly string[]) => undefined);
  const admit = jest.fn(async () => undefined);
  let heldNow = 0;
  const holds = (more: number) => void (heldNow += more);
  const make = (most = 3) => new PolledInterest({ admit, acquire, release }, 1000, most, fail, { holds }, () => time);
  const fail = (error: unknown) => {
    throw error;
  };
  beforeEach(() => {
    time = 0;
    heldNow = 0;
    acquire.mockClear();
    release.mockClear();
  });

  it('is acquired by the first poll of a subject alone', async () => {
    const polled = make();
    expect(await polled.follow('alice', FEED, ['a', 'b'])).toEqual(['a', 'b']);
    expect(await polled.follow('alice', FEED, ['b', 'c'])).toEqual(['c']);
    expect(await polled.follow('bob', FEED, ['b'])).toEqual(['b']);
    expect(acquire.mock.calls.map(([, caseIds]) => caseIds)).toEqual([['a', 'b'], ['c'], ['b']]);
  });

  it('D5: ends a while after the last poll', async () => {
    const polled = make();
    await polled.follow('alice', FEED, ['a', 'b']);
    time = 999;
    await polled.follow('alice', FEED, ['b']);
    polled.sweep();
    expect(release).not.toHaveBeenCalled();
    time = 1000;
    polled.sweep();
    expect(release.mock.calls).toEqual([[FEED, ['a'], 'alice']]);
    time = 1999;
    polled.sweep();
    expect(release.mock.calls[1]).toEqual([FEED, ['b'], 'alice']);
    expect(heldNow).toBe(0);
    expect((Reflect.get(polled, 'held') as Map<string, unknown>).size).toBe(0);
  });

  it('D5: is bounded for each subject, and has room again later', async () => {
    const polled = make();
    await polled.follow('alice', FEED, ['a', 'b', 'c']);
    await expect(polled.follow('alice', { ...FEED, groupId: 'g' }, ['d'])).rejects.toMatchObject({
      code: 'too_many',
      details: { status: 429 },
    });
    expect(await polled.follow('alice', FEED, ['a'])).toEqual([]);
    expect(await polled.follow('bob', FEED, ['d'])).toEqual(['d']);
    time = 1000;
    polled.sweep();
    expect(await polled.follow('alice', FEED, ['d'])).toEqual(['d']);
  });

  it('X10: is not held where nothing is known of too many of its tickets', async () => {
    const polled = make();
    acquire.mockClear();
    admit.mockRejectedValueOnce(new TooManyUnknownTickets(1, 30_000));
    await expect(polled.follow('alice', FEED, ['a'])).rejects.toMatchObject({
      code: 'too_many',
      details: { status: 429, retryMs: 30_000 },
    });
    expect(acquire).not.toHaveBeenCalled();
    expect(await polled.follow('alice', FEED, ['a'])).toEqual(['a']);
    expect(admit).toHaveBeenLastCalledWith(FEED, ['a'], 'alice');
  });

  it('D5: is bounded for all subjects together, and has room again when others let go', async () => {
    const polled = make(200_000);
    const ids = (count: number) => Array.from({ length: count }, (_, at) => `T${at}`);
    await polled.follow('alice', FEED, ids(99_998));
    expect(await polled.follow('bob', FEED, ids(2))).toHaveLength(2);
    await expect(polled.follow('carol', FEED, ['a'])).rejects.toMatchObject({ code: 'too_many' });
    expect(await polled.follow('bob', FEED, ids(2))).toEqual([]);
    expect(heldNow).toBe(100_000);
    time = 1000;
    polled.sweep();
    expect([heldNow, await polled.follow('carol', FEED, ['a'])]).toEqual([0, ['a']]);
  });

  it('tells of an end that the store did not take, and goes on with the others', async () => {
    const onError = jest.fn();
    const polled = new PolledInterest({ admit, acquire, release }, 1000, 3, onError, { holds }, () => time);
    await polled.follow('alice', FEED, ['a']);
    await polled.follow('bob', FEED, ['b']);
    release.mockRejectedValueOnce(new Error('out of reach'));
    time = 1000;
    polled.sweep();
    polled.sweep();
    await new Promise((resolve) => setImmediate(resolve));
    expect([onError.mock.calls, release.mock.calls.length, heldNow]).toEqual([[[new Error('out of reach')]], 2, 0]);
  });

  it('is not held where the store is out of reach', async () => {
    const polled = make();
    acquire.mockRejectedValueOnce(new Error('out of reach'));
    await expect(polled.follow('alice', FEED, ['a'])).rejects.toThrow('out of reach');
    expect(heldNow).toBe(0);
    expect(await polled.follow('alice', FEED, ['a'])).toEqual(['a']);
    expect(heldNow).toBe(1);
  });
});
