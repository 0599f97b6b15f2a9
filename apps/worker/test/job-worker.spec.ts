import { randomUUID } from 'node:crypto';
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
  private isClosed = false;
  private closesNext = false;

  get isOpen(): boolean {
    const { isClosed } = this;
    if (this.closesNext) this.close();
    return !isClosed;
  }

  /** The next look finds it open, and no later one does. */
  closeAfterNextLook(): void {
    this.closesNext = true;
  }

  close(): void {
    this.closesNext = false;
    this.isClosed = true;
    this.opening = new Promise((resolve) => (this.opened = resolve));
  }

  open(): void {
    this.isClosed = false;
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

type Run = (job: Job<PollJob>, lock: string, signal?: AbortSignal) => Promise<void>;

/** A queue of its own, with one worker. */
class Scene {
  readonly errors: string[] = [];
  readonly gate = new TestGate();
  readonly client: RedisClient;
  readonly queue: Queue<PollJob>;
  readonly worker: JobWorker;
  run: Run = async () => undefined;

  constructor(redisUrl: string) {
    const onError = ({ message }: Error) => void this.errors.push(message);
    this.client = connectRedis({ redisUrl, redisPrefix: '' }, 'patient', onError);
    const name = `polls-${randomUUID()}`;
    this.queue = new Queue(name, { connection: this.client });
    const options = {
      connection: this.client,
      concurrency: 1000,
      lockDuration: LOCK_MS,
      stalledInterval: 500,
      maxStalledCount: 1000,
      autorun: false,
    };
    this.worker = new JobWorker(name, (job, lock = '', signal) => this.run(job, lock, signal), options, this.gate);
    this.worker.on('error', onError);
    void this.worker.run();
  }

  lockOf(job: Job<PollJob>): string {
    return this.queue.toKey(`${job.id ?? ''}:lock`);
  }

  /** Whether its worker waits for a job, if no other one uses the server. */
  async isWaiting(): Promise<boolean> {
    return String(await this.client.client('LIST')).includes(' cmd=bzpopmin ');
  }

  add(): Promise<Job<PollJob>> {
    return this.queue.add('poll', JOB);
  }

  addMany(count: number): Promise<Job<PollJob>[]> {
    return this.queue.addBulk(Array.from({ length: count }, () => ({ name: 'poll', data: JOB })));
  }

  async stop(): Promise<void> {
    await this.worker.close(true);
    await this.queue.close();
    this.client.disconnect();
  }
}

/** How jobs end and lose their locks at a real Redis, while BullMQ renews locks. Most wait for seconds, so they run at once. */
describe('JobWorker', () => {
  let server: RedisServer;
  let serverOfOne: RedisServer;
  const scenes: Scene[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
    serverOfOne = await RedisServer.start();
  });
  afterAll(async () => {
    await Promise.all(scenes.map((scene) => scene.stop()));
    await Promise.all([server.dispose(), serverOfOne.dispose()]);
  });

  function start({ url } = server): Scene {
    const scene = new Scene(url);
    scenes.push(scene);
    return scene;
  }

  describe('reports no lost lock', () => {
    async function expectNothingReported(run: (job: Job<PollJob>, lock: string, renew: () => void) => Promise<void>) {
      const scene = start();
      let renewal: Promise<string[]> | undefined;
      scene.run = (job, lock) =>
        run(job, lock, () => void (renewal = scene.worker.extendJobLocks([job.id ?? ''], [lock], LOCK_MS)));
      const job = await scene.add();
      await until(() => renewal !== undefined, PATIENCE_MS, 'the job to run');
      expect(await renewal).toEqual([]);
      // Its lock had ended: BullMQ alone would have reported it.
      expect(await scene.client.exists(scene.lockOf(job))).toBe(0);
    }

    it.concurrent('if a job delays itself while its lock is renewed', () =>
      expectNothingReported(async (job, lock, renew) => {
        const delayed = job.moveToDelayed(Date.now() + HOUR_MS, lock);
        renew();
        await delayed;
        throw new DelayedError();
      }),
    );

    it.concurrent('if a job is completed while its lock is renewed', () =>
      expectNothingReported(async (_job, _lock, renew) => void setTimeout(renew, 20)),
    );
  });

  it.concurrent('runs jobs while it takes more of them, and each of them once', async () => {
    const scene = start();
    const ran: string[] = [];
    let mostAhead = 0;
    scene.run = async (job) => {
      ran.push(job.id ?? '');
      mostAhead = Math.max(mostAhead, scene.gate.taken - ran.length + 1);
      await sleep(200);
    };
    await scene.addMany(300);
    await until(() => ran.length === 300, PATIENCE_MS, 'all jobs to run');
    expect(new Set(ran).size).toBe(300);
    expect(mostAhead).toBeLessThanOrEqual(50);
  });

  describe('takes no job while its gate is closed', () => {
    /** Longer than a job takes to be noticed. */
    const quiet = () => sleep(300);

    it.concurrent('and leaves the mark by which another worker notices it', async () => {
      const scene = start(serverOfOne);
      const { gate, queue, client } = scene;
      const ran: string[] = [];
      scene.run = async (job) => void ran.push(job.id ?? '');
      await until(() => scene.isWaiting(), PATIENCE_MS, 'the worker to wait for a job');
      gate.closeAfterNextLook();
      const first = await scene.add(); // It looks at the gate when it hears of this one, and takes it.
      await until(() => ran.length === 1, PATIENCE_MS, 'the first job to run');
      const second = await scene.add();
      await quiet();
      expect([ran, gate.jobs]).toEqual([[first.id], 0]);
      expect(await client.exists(queue.toKey('marker'))).toBe(1);
      gate.open();
      await until(() => ran.includes(second.id ?? ''), PATIENCE_MS, 'the second job to run');
    });

    it.concurrent('not even with the end of another one', async () => {
      const scene = start();
      const { gate } = scene;
      const ran: string[] = [];
      scene.run = async (job) => {
        ran.push(job.id ?? '');
        gate.close();
      };
      await scene.addMany(2);
      await until(() => ran.length > 0, PATIENCE_MS, 'a job to run');
      await quiet();
      gate.open();
      await until(() => ran.length === 2, PATIENCE_MS, 'both jobs to run');
      expect(gate.jobs).toBe(0);
    });
  });

  describe('asked for a job', () => {
    const take = ({ worker }: Scene) =>
      (worker as unknown as { moveToActive(token: string): Promise<unknown> }).moveToActive('token');

    it.concurrent('takes none while it is paused', async () => {
      const scene = start();
      await scene.worker.pause(true);
      await scene.add();
      expect([(await take(scene)) === undefined, scene.gate.jobs]).toEqual([true, 0]);
      expect(await scene.queue.getWaitingCount()).toBe(1);
    });

    it.concurrent('waits half a second before it says that Redis refused', async () => {
      const scene = start();
      const startedAt = performance.now();
      const backend: object = Reflect.get(scene.worker, 'backend');
      const refuse = () => new Promise((_, reject) => void setImmediate(() => reject(new Error('full'))));
      Reflect.set(backend, 'moveToActive', refuse);
      const taken = take(scene).finally(() => Reflect.deleteProperty(backend, 'moveToActive'));
      await expect(taken).rejects.toThrow('full');
      expect(performance.now() - startedAt).toBeGreaterThan(450);
    });
  });

  it.concurrent('takes no other job with the end of one, past the gate', async () => {
    const scene = start();
    const { gate } = scene;
    const ran: string[] = [];
    scene.run = async (job) => {
      ran.push(job.id ?? '');
      if (ran.length === 1) {
        gate.close();
        await scene.add();
      }
    };
    await scene.add();
    await until(() => ran.length === 1 && gate.jobs === 0, PATIENCE_MS, 'the first job to end');
    expect(await scene.queue.getWaitingCount()).toBe(1);
    gate.open();
    await until(() => ran.length === 2 && gate.jobs === 0, PATIENCE_MS, 'the second job to end');
  });

  it.concurrent('ends the older one of two runs of a job, and only that', async () => {
    const scene = start();
    const signals: AbortSignal[] = [];
    const ends: (() => void)[] = [];
    scene.run = async (_job, _lock, signal) => {
      if (signal !== undefined) signals.push(signal);
      await new Promise<void>((resolve) => ends.push(resolve));
    };
    const worker = scene.worker as unknown as {
      callProcessJob(job: Job<PollJob>, token: string): Promise<unknown>;
      extendJobLocks(ids: string[], tokens: string[], ms: number): Promise<string[]>;
    };
    const aborted = () => signals.map(({ aborted: isAborted }) => isAborted);
    await scene.worker.pause(true); // The test runs the job by itself.
    const job = await scene.add();
    const runs = [worker.callProcessJob(job, 'first'), worker.callProcessJob(job, 'second')];
    await until(() => ends.length === 2, PATIENCE_MS, 'both runs');
    expect(aborted()).toEqual([true, false]);
    ends[0]?.();
    await runs[0];
    // The lock of the first run is not there. That says nothing of the second one.
    await worker.extendJobLocks([job.id ?? ''], ['first'], LOCK_MS);
    expect(aborted()).toEqual([true, false]);
    await worker.extendJobLocks([job.id ?? ''], ['second'], LOCK_MS);
    expect(aborted()).toEqual([true, true]);
    ends[1]?.();
    await runs[1];
  });

  it.concurrent('renews the lock of a job that runs for longer than a lock lasts', async () => {
    const scene = start();
    let lasted = false;
    scene.run = async (job, lock) => {
      await new Promise((resolve) => setTimeout(resolve, 2.5 * LOCK_MS));
      lasted = (await scene.client.get(scene.lockOf(job))) === lock;
    };
    await scene.add();
    await until(() => lasted, PATIENCE_MS, 'the job to end with its lock');
    expect(scene.errors).toEqual([]);
  });

  it.concurrent.each([
    ['is gone', (client: RedisClient, key: string) => client.del(key)],
    ['is another worker’s', (client: RedisClient, key: string) => client.set(key, 'another token')],
  ])('ends the run of a job whose lock %s, and says so once', async (_, lose) => {
    const scene = start();
    const lost: string[] = [];
    scene.worker.onLocksLost = (ids) => void lost.push(...ids);
    let ended = false;
    scene.run = async (job, __, signal) => {
      if (ended) return; // The queue gave it out again.
      await lose(scene.client, scene.lockOf(job));
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      ended = true;
      throw new DelayedError();
    };
    const { id } = await scene.add();
    await until(() => ended, PATIENCE_MS, 'the run to end');
    await sleep(2 * LOCK_MS); // The lock would be renewed again.
    expect(lost).toEqual([id]);
    expect(scene.errors).toEqual([]);
  });

  it.concurrent(
    'ends the run of a job that the queue gives out again, and renews the lock of its next run',
    async () => {
      const scene = start();
      const runs: string[] = [];
      let held = false;
      scene.run = async (job, lock, signal) => {
        runs.push(lock);
        if (runs.length === 1) {
          await scene.client.del(scene.lockOf(job)); // BullMQ finds a job without a lock, and gives it out again.
          await new Promise((resolve) => signal?.addEventListener('abort', resolve));
          throw new DelayedError();
        }
        await sleep(2.5 * LOCK_MS);
        held = (await scene.client.get(scene.lockOf(job))) === lock;
      };
      await scene.add();
      await until(() => runs.length === 2, PATIENCE_MS, 'the job to run again');
      await until(() => held, PATIENCE_MS, 'the next run to end with its lock');
      expect(scene.errors).toEqual([]);
    },
  );
});
