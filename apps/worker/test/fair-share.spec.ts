import { setTimeout as sleep } from 'node:timers/promises';

import { feedKey, Interest, type CaseId, type PollAnswer, type PollRequest, type Upstream } from '#core';
import { connectRedis, Keys, type RedisClient } from '#redis';
import { FakeUpstream } from '#testing';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { until } from '../../../test/harness/until.js';
import { LiveWorker } from './live-worker.js';

const INTERVAL_MS = 1000;
const LATENCY_MS = 300;
const CONCURRENCY = 4;
/** One worker polls 13 sets in an interval, four poll 53 at most. */
const SETS = 36;
const TICKETS: readonly CaseId[] = Array.from({ length: SETS }, (_, at) => `T${at}`);
const FEED = { language: 'en-us' };
const BOUNDS = { historyMaxEvents: 10, historyTtlS: 3600, upstreamMaxCaseIds: 1, pollIntervalMs: INTERVAL_MS };
/** From a change of the number of workers on, ms. */
const HEALED_MS = 15_000;
const MEASURE_MS = 3000;
const TEST_MS = 90_000;

/** The upstream as one worker sees it: `WORKER_CONCURRENCY` connections. */
class Connections implements Upstream {
  polls = 0;
  private free = CONCURRENCY;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly upstream: Upstream) {}

  async poll(request: PollRequest): Promise<PollAnswer> {
    if (this.free === 0) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.free -= 1;
    }
    this.polls += 1;
    try {
      return await this.upstream.poll(request);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}

/** Workers that come and go, with a real queue and a real Redis. */
describe('the shares of workers', () => {
  const clock = { now: () => Date.now() };
  const keys = new Keys('p');
  const upstream = new FakeUpstream({ clock, latency: () => sleep(LATENCY_MS) });
  const errors: unknown[] = [];
  let server: RedisServer;
  let client: RedisClient;
  const workers: { worker: LiveWorker; connections: Connections }[] = [];

  beforeAll(async () => {
    server = await RedisServer.start();
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', (error) => errors.push(error));
  });
  afterAll(async () => {
    await Promise.all(workers.map(({ worker }) => worker.stop()));
    client.disconnect();
    await server.dispose();
  });

  async function add(count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      const connections = new Connections(upstream);
      const onError = (error: unknown) => errors.push(error);
      const parts = { redisUrl: server.url, keys, clock, upstream: connections, bounds: BOUNDS, onError };
      const worker = await LiveWorker.start({ ...parts, concurrency: CONCURRENCY });
      worker.reconcile();
      workers.push({ worker, connections });
    }
  }

  /** For how long the set that was not answered for the longest time was not, ms. */
  async function oldestAnswerMs(): Promise<number> {
    const ids = await client.zrange(`${keys.base(feedKey(FEED))}due`, '0', '-1');
    const answered = await Promise.all(
      ids.map((id) => client.hget(`${keys.base(feedKey(FEED))}set:${id}`, 'answered')),
    );
    return Math.max(...answered.map((at) => clock.now() - Number(at ?? 0)));
  }

  /** The part of its equal share of polls that the worker with the fewest had. */
  async function leastShare(): Promise<number> {
    workers.forEach(({ connections }) => (connections.polls = 0));
    await sleep(MEASURE_MS);
    const polls = workers.map(({ connections }) => connections.polls);
    return (Math.min(...polls) * polls.length) / polls.reduce((sum, count) => sum + count, 0);
  }

  async function expectHealed(): Promise<void> {
    await until(async () => (await oldestAnswerMs()) < 2 * INTERVAL_MS, HEALED_MS, 'all sets to be fresh');
    expect(await leastShare()).toBeGreaterThan(0.5);
    // What a busy machine adds.
    expect(await oldestAnswerMs()).toBeLessThan(3 * INTERVAL_MS);
  }

  it(
    'are equal, and end an overload, 15 s after workers came, and after one left',
    async () => {
      await add(1);
      const { registry, queue } = workers[0]?.worker ?? fail();
      const interest = new Interest({ registry, queue, clock }, 600_000);
      await interest.acquire(FEED, TICKETS);
      await sleep(4000);
      expect(await oldestAnswerMs()).toBeGreaterThan(2 * INTERVAL_MS);
      await add(3);
      await expectHealed();
      await add(4);
      await expectHealed();
      const leaving = workers.splice(0, 4);
      await Promise.all(leaving.map(({ worker }) => worker.stop()));
      await expectHealed();
      expect(errors).toEqual([]);
    },
    TEST_MS,
  );
});

function fail(): never {
  throw new Error('there is no worker');
}
