import { ManualClock } from '#testing';

import { QueueWatch } from './queue-watch.js';

describe('QueueWatch', () => {
  const clock = new ManualClock();
  const counts = jest.fn<Promise<{ all: number; waiting: number }>, []>();
  const isSampleWhole = jest.fn<Promise<boolean>, []>();
  const count = jest.fn<Promise<number>, []>();
  const visitAll = jest.fn<Promise<boolean>, [number, number]>();
  let watch: QueueWatch;

  beforeEach(() => {
    jest.resetAllMocks();
    isSampleWhole.mockResolvedValue(true);
    count.mockResolvedValue(0);
    visitAll.mockResolvedValue(true);
    watch = new QueueWatch({ queue: { counts, isSampleWhole }, visits: { count, visitAll }, clock });
  });

  /** Looks once a second, and finds these numbers of jobs. @returns after which looks all feeds were visited */
  async function looks(...jobs: number[]): Promise<number[]> {
    const visited: number[] = [];
    for (const [at, all] of jobs.entries()) {
      clock.advance(1000);
      counts.mockResolvedValueOnce({ all, waiting: 0 });
      const before = visitAll.mock.calls.length;
      await watch.look();
      if (visitAll.mock.calls.length > before) visited.push(at);
    }
    return visited;
  }

  it.each<[string, number[], number[]]>([
    ['all are lost', [1000, 0, 0, 0], [2]],
    ['some in twenty are lost', [1000, 949, 949], [2]],
    ['one of three is lost', [3, 2, 2], [2]],
    ['they are lost, and some are there again already', [1000, 0, 500], [2]],
    ['they are lost a second time', [1000, 0, 0, 1000, 0, 0], [2, 5]],
  ])('has all feeds visited after the second look that finds jobs missing: %s', async (_, jobs, expected) => {
    expect(await looks(...jobs)).toEqual(expected);
  });

  it.each<[string, number[]]>([
    ['nothing changes', [1000, 1000, 1000]],
    ['nothing is wanted', [0, 0, 0]],
    ['sets begin', [0, 20, 5000]],
    ['few sets end', [1000, 960, 930, 900, 870]],
    ['Redis comes back empty, and gateways make the jobs again', [1000, 0, 990, 1000]],
  ])('has no feed visited where %s', async (_, jobs) => {
    expect(await looks(...jobs)).toEqual([]);
  });

  it('compares its first look with the feeds: jobs may have been lost while no worker ran', async () => {
    count.mockResolvedValue(20);
    expect(await looks(0, 0, 20, 20)).toEqual([1]);
    expect(count).toHaveBeenCalledTimes(1);
  });

  it('has all feeds visited where the numbers are right, and jobs that were looked at are not whole', async () => {
    await looks(10);
    isSampleWhole.mockResolvedValueOnce(false).mockResolvedValueOnce(false);
    expect(await looks(10, 10, 10)).toEqual([1]);
  });

  it('asks again until the feeds are visited because of what it has seen', async () => {
    visitAll.mockResolvedValueOnce(false).mockResolvedValueOnce(false);
    expect(await looks(10, 0, 0, 0, 0, 0)).toEqual([2, 3, 4]);
    const seenAt = clock.now() - 4000;
    expect(visitAll.mock.calls).toEqual([1000, 2000, 3000].map((ms) => [seenAt, seenAt + ms]));
  });

  it('forgets what it suspected when the jobs are there again', async () => {
    visitAll.mockResolvedValueOnce(false);
    expect(await looks(10, 0, 0, 10, 10)).toEqual([2]);
  });
});
