import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRedis } from './bench-redis.js';
import { Child } from './child.js';
import { tickets, InterestLeases } from './interest-leases.js';

/** What one poll costs, microseconds of CPU. */
export interface Cost {
  readonly processUs: number;
  readonly redisUs: number;
  readonly roundTrips: number;
  readonly pollsPerSecond: number;
}

export interface Load {
  readonly sets: number;
  readonly setSize: number;
  readonly intervalMs: number;
  readonly measureMs: number;
}

/**
 * How long a program runs before it is measured, ms. By then it is compiled and connected, and the first residencies of
 * all sets have ended (apps/worker, `RESIDENCY_MS`), so that residencies end at their usual rate.
 */
const SETTLE_MS = 65_000;

async function measure(
  child: Child,
  redis: BenchRedis,
  count: () => Promise<number>,
  measureMs: number,
): Promise<Cost> {
  await sleep(SETTLE_MS);
  await count();
  const before = {
    cpu: child.cpuUs,
    redis: redis.cpuUs,
    trips: await redis.roundTrips(),
    at: performance.now(),
  };
  await sleep(measureMs);
  const polls = await count();
  const seconds = (performance.now() - before.at) / 1000;
  return {
    processUs: (child.cpuUs - before.cpu) / polls,
    redisUs: (redis.cpuUs - before.redis) / polls,
    roundTrips: ((await redis.roundTrips()) - before.trips) / polls,
    pollsPerSecond: polls / seconds,
  };
}

/** Pollcast's worker with idle sets. */
export async function workerCost(redis: BenchRedis, upstream: Child, url: string, load: Load): Promise<Cost> {
  await redis.clear();
  const child = Child.program('apps/worker/src/main.js', workerEnv(redis, url, load));
  const leases = await InterestLeases.start(redis.url, 1, load.setSize, load.intervalMs, 600_000);
  try {
    await leases.want(tickets(load.sets * load.setSize));
    return await measure(
      child,
      redis,
      async () => (await upstream.ask<{ requests: number }>()).requests,
      load.measureMs,
    );
  } finally {
    leases.stop();
    await child.stop();
  }
}

/**
 * The cost of the bare libraries: a job that does nothing but delay itself again, and a loop that fetches and parses.
 */
export interface BareCost {
  readonly jobs: Cost;
  /** Its `redisUs` and `roundTrips` are 0. */
  readonly fetches: Cost;
}

/**
 * Measures both at the same time, because the worker also does both: each finds the CPU caches as the other leaves
 * them.
 */
export async function bareCost(redis: BenchRedis, url: string, load: Load): Promise<BareCost> {
  await redis.clear();
  const settings = { url: redis.url, jobs: load.sets, intervalMs: load.intervalMs };
  const { child: jobs } = await Child.script('bare-jobs', settings);
  const { child: fetches } = await Child.script('bare-fetches', { url, ...load });
  const done = (child: Child) => async () => (await child.ask<{ done: number }>()).done;
  try {
    const [jobCost, fetchCost] = await Promise.all([
      measure(jobs, redis, done(jobs), load.measureMs),
      measure(fetches, redis, done(fetches), load.measureMs),
    ]);
    return { jobs: jobCost, fetches: { ...fetchCost, redisUs: 0, roundTrips: 0 } };
  } finally {
    await Promise.all([jobs.stop(), fetches.stop()]);
  }
}

export function workerEnv(
  redis: BenchRedis,
  url: string,
  load: Pick<Load, 'setSize' | 'intervalMs'>,
): Record<string, string> {
  return {
    REDIS_URL: redis.url,
    UPSTREAM_BASE_URL: url,
    UPSTREAM_TOKEN: 'bench',
    UPSTREAM_MAX_CASE_IDS: String(load.setSize),
    POLL_INTERVAL_MS: String(load.intervalMs),
    POLL_INTERVAL_MAX_MS: String(load.intervalMs),
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'error',
  };
}
