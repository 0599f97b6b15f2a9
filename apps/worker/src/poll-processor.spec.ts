import { DelayedError, type Job } from 'bullmq';
import { feedKey, type Clock, type Next, type PollCycle, type SetRef } from '#core';
import type { PollJob } from '#redis';
import { PollSlots } from './poll-slots.js';
import { PollProcessor } from './poll-processor.js';

const REF: SetRef = { feed: feedKey({ language: 'en-us' }), id: 7 };
const OTHER: SetRef = { ...REF, id: 8 };
const LOCK = 'the lock of the job';
/** The bounds of a residency, ms. */
const [SHORTEST_MS, LONGEST_MS] = [30_000, 60_000];
/** The longest delay of a job, ms. */
const SLEEP_MAX_MS = 10_000;

/** Polls under way at once: a quarter more than requests. */
const SLOTS = { concurrency: 4, all: 5 };

/** The state of a job. */
type Fate = 'running' | 'delayed' | 'ended' | Error;

describe('PollProcessor', () => {
  /** Redis's time: a minute ahead of the system clock, which BullMQ runs on. */
  const clock: Clock = { now: () => Date.now() + 60_000 };
  /** A set that is due every second, unless a test says otherwise. */
  let run: jest.Mock<Promise<Next>, [SetRef]>;
  const release = jest.fn<Promise<void>, [SetRef]>();
  const changed = jest.fn<void, [SetRef]>();
  const onError = jest.fn();
  const moveToDelayed = jest.fn<Promise<void>, [number, string | undefined]>();
  let random: jest.SpyInstance<number>;
  let processor: PollProcessor;

  beforeEach(() => {
    jest.useFakeTimers();
    random = jest.spyOn(Math, 'random').mockReturnValue(0);
    run = jest.fn(async (_: SetRef): Promise<Next> => ({ kind: 'again', at: clock.now() + 1000 }));
    [release, moveToDelayed].forEach((mock) => mock.mockReset().mockResolvedValue());
    [changed, onError].forEach((mock) => mock.mockReset());
    const cycle = { run: (ref: SetRef) => run(ref), release, changed } as unknown as PollCycle;
    processor = new PollProcessor(cycle, clock, new PollSlots(SLOTS.concurrency), onError);
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  function begin({ feed, id }: SetRef = REF, lockLost?: AbortSignal): { now: Fate } {
    const fate: { now: Fate } = { now: 'running' };
    processor.process({ data: { feed, set: id }, moveToDelayed } as unknown as Job<PollJob>, LOCK, lockLost).then(
      () => (fate.now = 'ended'),
      (error: Error) => (fate.now = error instanceof DelayedError ? 'delayed' : error),
    );
    return fate;
  }

  it('polls the set that the job names, and again each time that it is due', async () => {
    const job = begin();
    await pass(2999);
    expect(run.mock.calls).toEqual([[REF], [REF], [REF]]);
    expect([job.now, release.mock.calls.length]).toEqual(['running', 0]);
    await pass(1);
    expect(run).toHaveBeenCalledTimes(4);
  });

  it.each([
    [0, SHORTEST_MS],
    [0.999_999, LONGEST_MS],
  ])('gives the set back when its residency is over: random %d, after %d ms', async (number, residencyMs) => {
    random.mockReturnValue(number);
    const job = begin();
    await pass(residencyMs - 1000 - 1);
    expect(job.now).toBe('running');
    await pass(1); // The next poll would be after its end.
    expect(job.now).toBe('delayed');
    expect(release.mock.calls).toEqual([[REF]]);
    expect(moveToDelayed.mock.calls).toEqual([[Date.now() + 1000, LOCK]]);
  });

  it('releases the set before another worker can have its job', async () => {
    const order: string[] = [];
    release.mockImplementation(async () => void order.push('release'));
    moveToDelayed.mockImplementation(async () => void order.push('delay'));
    run.mockImplementation(async () => ({ kind: 'again', at: clock.now() + LONGEST_MS }));
    begin();
    await pass(0);
    expect(order).toEqual(['release', 'delay']);
  });

  it('gives the set up at once when the lock of its job is lost', async () => {
    const lost = new AbortController();
    const job = begin(REF, lost.signal);
    await pass(500);
    lost.abort();
    await pass(0);
    expect([job.now, run.mock.calls.length, release.mock.calls]).toEqual(['delayed', 1, [[REF]]]);
    expect(moveToDelayed).not.toHaveBeenCalled(); // The job is another worker's.
  });

  it('gives the set up after the poll that runs when the lock of its job is lost meanwhile', async () => {
    const lost = new AbortController();
    run.mockImplementation(async () => {
      lost.abort();
      return { kind: 'again', at: clock.now() + 1000 };
    });
    const job = begin(REF, lost.signal);
    await pass(0);
    expect([job.now, run.mock.calls.length, moveToDelayed.mock.calls.length]).toEqual(['delayed', 1, 0]);
  });

  it('gives back a set that somebody else polls', async () => {
    run.mockImplementation(async () => ({ kind: 'again', at: clock.now() + 1000, isTaken: true }));
    const job = begin();
    await pass(0);
    expect([job.now, run.mock.calls.length, moveToDelayed.mock.calls]).toEqual([
      'delayed',
      1,
      [[Date.now() + 1000, LOCK]],
    ]);
  });

  it.each([-2, -6])('ends without an error where the lock is lost before the job is delayed (%d)', async (code) => {
    moveToDelayed.mockRejectedValue(Object.assign(new Error('Missing lock'), { code }));
    run.mockImplementation(async () => ({ kind: 'again', at: clock.now() + LONGEST_MS }));
    const job = begin();
    await pass(0);
    expect(job.now).toBe('delayed');
  });

  it('delays no job for longer than the bound, nor into the past', async () => {
    run.mockImplementationOnce(async () => ({ kind: 'again', at: clock.now() + 24 * LONGEST_MS }));
    begin();
    await pass(0);
    expect(moveToDelayed.mock.calls).toEqual([[Date.now() + SLEEP_MAX_MS, LOCK]]);
    processor.stop();
    run.mockImplementationOnce(async () => ({ kind: 'again', at: clock.now() - 5000 }));
    const late = begin();
    await pass(0);
    expect([late.now, moveToDelayed.mock.calls.at(-1)]).toEqual(['delayed', [Date.now(), LOCK]]);
  });

  it('ends the job of a set that is gone, and gives nothing back', async () => {
    run.mockImplementationOnce(async () => ({ kind: 'again', at: clock.now() + 1000 }));
    run.mockImplementationOnce(async () => ({ kind: 'gone' }));
    const job = begin();
    await pass(1001);
    expect(job.now).toBe('ended');
    expect([run.mock.calls.length, release.mock.calls.length, moveToDelayed.mock.calls.length]).toEqual([2, 0, 0]);
  });

  it('polls at once a set that somebody changed, and leaves the others', async () => {
    const jobs = [begin(), begin(OTHER)];
    await pass(300);
    processor.changed(REF);
    await pass(1);
    expect(changed.mock.calls).toEqual([[REF]]);
    expect(run.mock.calls).toEqual([[REF], [OTHER], [REF]]);
    await pass(699);
    expect(run.mock.calls.slice(3)).toEqual([[OTHER]]);
    await pass(301);
    expect(run.mock.calls.slice(4)).toEqual([[REF]]);
    expect(jobs.map(({ now }) => now)).toEqual(['running', 'running']);
  });

  it('ignores the change of a set that it does not have', async () => {
    processor.changed(OTHER);
    expect(changed.mock.calls).toEqual([[OTHER]]);
    begin();
    processor.changed(REF); // The set is polled at this moment, so no timer runs.
    await pass(999);
    expect(run).toHaveBeenCalledTimes(1);
  });

  describe('gives sets back where this worker has more than its share', () => {
    it('at once if they are not due, and no more than that', async () => {
      const jobs = [begin(), begin(OTHER)];
      await pass(300);
      processor.shed(1);
      await pass(0);
      expect(jobs.map(({ now }) => now)).toEqual(['delayed', 'running']);
      expect(moveToDelayed.mock.calls).toEqual([[Date.now() + 700, LOCK]]);
      await pass(SHORTEST_MS - 2000);
      expect(jobs[1]?.now).toBe('running');
    });

    it('after its poll if it is polled at that moment', async () => {
      run.mockImplementationOnce(async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return { kind: 'again', at: clock.now() + 1000 };
      });
      const job = begin();
      processor.shed(1);
      await pass(199);
      expect(job.now).toBe('running');
      await pass(1);
      expect(job.now).toBe('delayed');
    });

    it('first those that wait for a slot, and of these the last that came', async () => {
      run.mockImplementation(() => new Promise(() => undefined));
      const jobs = Array.from({ length: SLOTS.all + 2 }, (_, id) => begin({ ...REF, id }));
      await pass(100);
      expect([run.mock.calls.length, processor.waitedMs]).toEqual([SLOTS.all, 100]);
      processor.shed(1);
      await pass(0);
      expect(jobs.map(({ now }) => now)).toEqual([...Array<Fate>(SLOTS.all + 1).fill('running'), 'delayed']);
      expect(moveToDelayed.mock.calls).toEqual([[Date.now(), LOCK]]);
    });
  });

  it('polls no more sets at once than it has slots, and those first that waited first', async () => {
    const ends: (() => void)[] = [];
    run.mockImplementation(async () => {
      await new Promise<void>((resolve) => ends.push(resolve));
      return { kind: 'again', at: clock.now() + 1000 };
    });
    Array.from({ length: SLOTS.all + 2 }, (_, id) => begin({ ...REF, id }));
    await pass(10);
    expect(run).toHaveBeenCalledTimes(SLOTS.all);
    ends[0]?.();
    await pass(0);
    expect(run.mock.calls.slice(SLOTS.all)).toEqual([[{ ...REF, id: SLOTS.all }]]);
    expect(processor.waitedMs).toBe(10);
  });

  it('gives all sets back when it is stopped, at once, and starts no residency after that', async () => {
    const jobs = [begin(), begin(OTHER)];
    await pass(300);
    processor.stop();
    await pass(0);
    expect(jobs.map(({ now }) => now)).toEqual(['delayed', 'delayed']);
    expect(release.mock.calls).toEqual([[REF], [OTHER]]);
    expect(moveToDelayed.mock.calls[0]?.[0]).toBe(Date.now() + 700);
    const later = begin();
    await pass(1);
    expect([later.now, run.mock.calls.length]).toEqual(['delayed', 3]);
  });

  it('lets sets stay again when it goes on after a pause', async () => {
    processor.stop();
    processor.resume();
    const job = begin();
    await pass(2500);
    expect([job.now, run.mock.calls.length, moveToDelayed.mock.calls.length]).toEqual(['running', 3, 0]);
  });

  it('gives sets back that wait for a slot when it is stopped, and those that are polled after their polls', async () => {
    const ends: (() => void)[] = [];
    run.mockImplementation(async () => {
      await new Promise<void>((resolve) => ends.push(resolve));
      return { kind: 'again', at: clock.now() + 1000 };
    });
    const jobs = Array.from({ length: SLOTS.all + 2 }, (_, id) => begin({ ...REF, id }));
    await pass(10);
    processor.stop();
    await pass(0);
    const polled = Array<Fate>(SLOTS.all).fill('running');
    expect(jobs.map(({ now }) => now)).toEqual([...polled, 'delayed', 'delayed']);
    ends.forEach((end) => end());
    await pass(0);
    expect(jobs.every(({ now }) => now === 'delayed')).toBe(true);
    expect(run).toHaveBeenCalledTimes(SLOTS.all);
  });

  it('counts the sets that are here, and those that are polled, until they have left', async () => {
    run.mockImplementationOnce(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { kind: 'gone' };
    });
    run.mockRejectedValueOnce(new Error('out of reach'));
    const job = begin();
    begin(OTHER);
    await pass(100);
    expect(processor.load).toEqual({ sets: 2, polls: 1 });
    await pass(100);
    expect([job.now, processor.load]).toEqual(['ended', { sets: 1, polls: 0 }]);
    processor.stop();
    await pass(0);
    expect(processor.load).toEqual({ sets: 0, polls: 0 });
  });

  it('ends a job whose data was lost, and polls nothing for it', async () => {
    await processor.process({ data: {}, moveToDelayed } as unknown as Job<PollJob>, LOCK);
    await processor.process({ data: { feed: REF.feed }, moveToDelayed } as unknown as Job<PollJob>, LOCK);
    expect([run.mock.calls, moveToDelayed.mock.calls, processor.load.sets]).toEqual([[], [], 0]);
  });

  it('lets one set leave for each that it is told to give back, and forgets an older number', async () => {
    const slow = async (): Promise<Next> => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { kind: 'again', at: clock.now() + 1000 };
    };
    run.mockImplementationOnce(slow).mockImplementationOnce(slow).mockImplementationOnce(slow);
    const jobs = [1, 2, 3].map((id) => begin({ ...REF, id }));
    processor.shed(2);
    processor.shed(1); // The newer look counts.
    await pass(200);
    expect(jobs.map(({ now }) => now)).toEqual(['delayed', 'running', 'running']);
    await pass(1000);
    expect(jobs.map(({ now }) => now)).toEqual(['delayed', 'running', 'running']);
  });

  it('reports a poll that Redis did not accept, and polls again a second later', async () => {
    const broken = new Error('out of reach');
    run.mockRejectedValueOnce(broken);
    const job = begin();
    await pass(999);
    expect(onError.mock.calls).toEqual([[broken, { feed: REF.feed, set: REF.id }]]);
    expect(run).toHaveBeenCalledTimes(1);
    await pass(1);
    expect([run.mock.calls.length, job.now]).toEqual([2, 'running']);
  });

  describe('fails the job, which the reconciler makes again', () => {
    it('if its lock is lost, after the set was released', async () => {
      const lost = new Error('Missing lock for job');
      moveToDelayed.mockRejectedValueOnce(lost);
      processor.stop();
      const job = begin();
      await pass(1);
      expect([job.now, release.mock.calls.length]).toEqual([lost, 1]);
    });

    it('if Redis is out of reach for the release', async () => {
      const broken = new Error('out of reach');
      release.mockRejectedValueOnce(broken);
      processor.stop();
      const job = begin();
      await pass(1);
      expect([job.now, moveToDelayed.mock.calls.length]).toEqual([broken, 0]);
    });
  });
});
