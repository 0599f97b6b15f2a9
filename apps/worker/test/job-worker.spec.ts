import { setTimeout as sleep } from 'node:timers/promises';

import { feedKey } from '#core';
import { connectRedis, type PollJob, type RedisClient } from '#redis';
import { DelayedError, Queue, type Job } from 'bullmq';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { until } from '../../../test/harness/until.js';
import { JobWorker, type JobGate } from '../src/job-worker.js';

const LOCK_MS = 1000;
const HOUR_MS = 3_600_000;
const PATIENCE_MS = 10_000;
const JOB: PollJob = { feed: feedKey({ language: 'en-us' }), set: 1 };

/** A gate as a test opens it. */
class TestGate implements JobGate {
  jobs = 0;
  taken = 0;
  private opened = () => {};
  private opening = Promise.resolve();
  isOpen = true;

  close(): void {
    this.isOpen = false;
    this.opening = new Promise((resolve) => (this.opened = resolve));
  }

  open(): void {
    this.isOpen = true;
    this.opened();
  }

  untilOpen(): Promise<void> {
    return this.opening;
  }

  took(): void {
    this.jobs += 1;
    this.taken += 1;
  }

  left(): void {
    this.jobs -= 1;
  }
}

/** How jobs end and lose their locks at a real Redis, while BullMQ renews locks. */
describe('JobWorker', () => {
  let server: RedisServer;
  let client: RedisClient;
  let queue: Queue<PollJob>;
  let worker: JobWorker;
  let errors: string[];
  let gate: TestGate;
  let run: (job: Job<PollJob>, lock: string, signal?: AbortSignal) => Promise<void>;

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    errors = [];
    gate = new TestGate();
    const onError = ({ message }: Error) => void errors.push(message);
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', onError);
    await client.flushall();
    queue = new Queue('polls', { connection: client });
    const options = {
      connection: client,
      concurrency: 1000,
      lockDuration: LOCK_MS,
      stalledInterval: 500,
      maxStalledCount: 1000,
      autorun: false,
    };
    worker = new JobWorker('polls', (job, lock = '', signal) => run(job, lock, signal), options, gate);
    worker.on('error', onError);
    void worker.run();
  });
  afterEach(async () => {
    await worker.close(true);
    await queue.close();
    client.disconnect();
  });

  const lockOf = (job: Job<PollJob>) => queue.toKey(`${job.id ?? ''}:lock`);

  describe('reports no lost lock', () => {
    let renewal: Promise<string[]> | undefined;
    beforeEach(() => void (renewal = undefined));
    const renew = (job: Job<PollJob>, lock: string) =>
      (renewal = worker.extendJobLocks([job.id ?? ''], [lock], LOCK_MS));

    async function expectNothingReported(): Promise<void> {
      const job = await queue.add('poll', JOB);
      await until(() => renewal !== undefined, PATIENCE_MS, 'the job to run');
      expect(await renewal).toEqual([]);
      // Its lock had ended: BullMQ alone would have reported it.
      expect(await client.exists(lockOf(job))).toBe(0);
    }

    it('if a job delays itself while its lock is renewed', async () => {
      run = async (job, lock) => {
        const delayed = job.moveToDelayed(Date.now() + HOUR_MS, lock);
        void renew(job, lock);
        await delayed;
        throw new DelayedError();
      };
      await expectNothingReported();
    });

    it('if a job is completed while its lock is renewed', async () => {
      run = async (job, lock) => void setTimeout(() => void renew(job, lock), 20);
      await expectNothingReported();
    });
  });

  it('runs jobs while it takes more of them, and each of them once', async () => {
    const ran: string[] = [];
    let mostAhead = 0;
    run = async (job) => {
      ran.push(job.id ?? '');
      mostAhead = Math.max(mostAhead, gate.taken - ran.length + 1);
      await sleep(200);
    };
    await queue.addBulk(Array.from({ length: 300 }, () => ({ name: 'poll', data: JOB })));
    await until(() => ran.length === 300, PATIENCE_MS, 'all jobs to run');
    expect(new Set(ran).size).toBe(300);
    expect(mostAhead).toBeLessThanOrEqual(50);
  });

  describe('takes no job while its gate is closed', () => {
    const ran: string[] = [];
    beforeEach(() => {
      ran.length = 0;
      run = async (job) => void ran.push(job.id ?? '');
    });
    /** Longer than a job takes to be noticed. */
    const quiet = () => sleep(300);

    it('and leaves the mark by which another worker notices it', async () => {
      await until(() => worker.isRunning(), PATIENCE_MS, 'the worker to run');
      gate.close();
      const first = await queue.add('poll', JOB); // It waits for a job at this moment, so it takes this one.
      await until(() => ran.length === 1, PATIENCE_MS, 'the first job to run');
      const second = await queue.add('poll', JOB);
      await quiet();
      expect([ran, gate.jobs]).toEqual([[first.id], 0]);
      expect(await client.exists(queue.toKey('marker'))).toBe(1);
      gate.open();
      await until(() => ran.includes(second.id ?? ''), PATIENCE_MS, 'the second job to run');
    });

    it('not even with the end of another one', async () => {
      run = async (job) => {
        ran.push(job.id ?? '');
        gate.close();
      };
      await queue.addBulk([1, 2].map(() => ({ name: 'poll', data: JOB })));
      await until(() => ran.length > 0, PATIENCE_MS, 'a job to run');
      await quiet();
      gate.open();
      await until(() => ran.length === 2, PATIENCE_MS, 'both jobs to run');
      expect(gate.jobs).toBe(0);
    });
  });

  it('renews the lock of a job that runs for longer than a lock lasts', async () => {
    let lasted = false;
    run = async (job, lock) => {
      await new Promise((resolve) => setTimeout(resolve, 2.5 * LOCK_MS));
      lasted = (await client.get(lockOf(job))) === lock;
    };
    await queue.add('poll', JOB);
    await until(() => lasted, PATIENCE_MS, 'the job to end with its lock');
    expect(errors).toEqual([]);
  });

  it.each([
    ['is gone', (key: string) => client.del(key)],
    ['is another worker’s', (key: string) => client.set(key, 'another token')],
  ])('ends the run of a job whose lock %s, and says so once', async (_, lose) => {
    const lost: string[] = [];
    worker.onLocksLost = (ids) => void lost.push(...ids);
    let ended = false;
    run = async (job, __, signal) => {
      if (ended) return; // The queue gave it out again.
      await lose(lockOf(job));
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      ended = true;
      throw new DelayedError();
    };
    const { id } = await queue.add('poll', JOB);
    await until(() => ended, PATIENCE_MS, 'the run to end');
    await sleep(2 * LOCK_MS); // The lock would be renewed again.
    expect(lost).toEqual([id]);
    expect(errors).toEqual([]);
  });

  it('ends the run of a job that the queue gives out again, and renews the lock of its next run', async () => {
    const runs: string[] = [];
    let held = false;
    run = async (job, lock, signal) => {
      runs.push(lock);
      if (runs.length === 1) {
        await client.del(lockOf(job)); // BullMQ finds a job without a lock, and gives it out again.
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        throw new DelayedError();
      }
      await sleep(2.5 * LOCK_MS);
      held = (await client.get(lockOf(job))) === lock;
    };
    await queue.add('poll', JOB);
    await until(() => runs.length === 2, PATIENCE_MS, 'the job to run again');
    await until(() => held, PATIENCE_MS, 'the next run to end with its lock');
    expect(errors).toEqual([]);
  });
});
