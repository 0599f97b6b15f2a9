import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from './harness/processes/ports.js';
import { Program, type Settings } from './harness/processes/program.js';
import { RedisServer } from './harness/processes/redis-server.js';
import { until } from './harness/until.js';

/** From when on a signal is heard to when it comes, ms: from the first instant to long after the start. */
const AFTER_MS = [0, 50, 200, 500, 1000, 2500];
/** So many start at a time: more would only wait for each other. */
const AT_ONCE = 3;
const HEARD_MS = 20_000;
/** Nothing is polled, hence nothing has to be finished. */
const END_MS = 8000;
/** Node reads the program's first file in this share of its whole start, at most. */
const SHARE_OF_START = 0.5;

/** What the preloaded file says. */
const HEARS = 'hears signals\n';

/** SIGTERM and SIGINT end a program in order at any instant of its life. */
describe('a worker that is told to stop', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis.dispose());

  const settings = (redisUrl: string): Settings => ({
    REDIS_URL: redisUrl,
    UPSTREAM_BASE_URL: 'http://127.0.0.1:9',
    UPSTREAM_TOKEN: 'unused',
    NODE_OPTIONS: `--require=${join(__dirname, 'fixtures/tells-when-it-hears-signals.cjs')}`,
  });
  const worker = (redisUrl: string) => Program.create('worker', 'worker', settings(redisUrl));

  /** Waits until the program hears signals: before, Node ends at once when one comes, and nothing has begun. */
  const heard = (program: Program) =>
    until(
      () => program.stderr.includes(HEARS),
      HEARD_MS,
      () => `the worker to hear signals\n${program.tail()}`,
    );

  async function endings(redisUrl: string): Promise<unknown[]> {
    const endingAfter = async (ms: number, at: number) => {
      const program = await worker(redisUrl);
      program.launch();
      await heard(program);
      await sleep(ms);
      program.signal(at % 2 === 0 ? 'SIGTERM' : 'SIGINT');
      return [ms, await program.ended(END_MS), program.stderr.replace(HEARS, '')];
    };
    const found: unknown[] = [];
    for (let at = 0; at < AFTER_MS.length; at += AT_ONCE) {
      const some = AFTER_MS.slice(at, at + AT_ONCE);
      found.push(...(await Promise.all(some.map((ms, next) => endingAfter(ms, at + next)))));
    }
    return found;
  }

  const inOrder = AFTER_MS.map((ms) => [ms, 0, '']);

  it('ends with 0 at any instant while Redis answers', async () => {
    expect(await endings(redis.url)).toEqual(inOrder);
  }, 120_000);

  it('ends with 0 at any instant while Redis is out of reach', async () => {
    expect(await endings(`redis://127.0.0.1:${await freePort()}`)).toEqual(inOrder);
  }, 120_000);

  it('ends with 0 at any instant while Redis stands still', async () => {
    redis.pause();
    try {
      expect(await endings(redis.url)).toEqual(inOrder);
    } finally {
      redis.resume();
    }
  }, 120_000);

  it('is ended once, however many signals come', async () => {
    const program = await worker(redis.url);
    await program.start();
    program.signal('SIGTERM');
    program.signal('SIGINT');
    program.signal('SIGTERM');
    expect(await program.ended()).toBe(0);
    expect(program.stdout.split('worker stopping')).toHaveLength(2);
  });

  it('hears signals long before it is loaded', async () => {
    const program = await worker(redis.url);
    const launchedAt = performance.now();
    program.launch();
    await heard(program);
    const heardMs = performance.now() - launchedAt;
    await until(() => program.stdout.includes('worker listening'), HEARD_MS, 'the worker to listen');
    expect(heardMs).toBeLessThan(SHARE_OF_START * (performance.now() - launchedAt));
    await program.stop();
  });

  it('ends with 1 where it cannot start, and says why', async () => {
    const program = await Program.create('worker', 'worker', { UPSTREAM_TOKEN: 'unused' });
    program.launch();
    expect(await program.ended(HEARD_MS)).toBe(1);
    expect(program.stderr).toMatch(/^wrong settings:\n {2}UPSTREAM_BASE_URL is not set/);
  });
});
