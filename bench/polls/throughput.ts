import { setTimeout as sleep } from 'node:timers/promises';

import type { BenchRedis } from './bench-redis.js';
import { Child } from './child.js';
import { workerEnv } from './cost.js';
import { percentile, scrapeLag } from './lag.js';
import { tickets, Wishes } from './wishes.js';

/** What so many workers do with so many sets that are due every second. */
export interface ThroughputRow {
  readonly workers: number;
  /** Polls per second that were due, and that were answered. */
  readonly due: number;
  readonly answered: number;
  /** CPU microseconds of the workers per poll. */
  readonly processUs: number;
  /** From due to sent, ms: upper edges of the histogram's buckets. */
  readonly lagP50: number;
  readonly lagP99: number;
}

const INTERVAL_MS = 1000;
const SET_SIZE = 100;
const SETTLE_MS = 8000;
const MEASURE_MS = 10_000;

/** Ports of the workers' metrics. */
const FIRST_PORT = 7330;

export async function throughput(
  redis: BenchRedis,
  upstream: Child,
  url: string,
  sets: number,
  workers: number,
): Promise<ThroughputRow> {
  await redis.clear();
  const env = workerEnv(redis, url, { setSize: SET_SIZE, intervalMs: INTERVAL_MS });
  const ports = Array.from({ length: workers }, (_, at) => FIRST_PORT + at);
  const started = ports.map((port) => Child.start('apps/worker/src/main.js', [], { ...env, PORT: String(port) }));
  const children = (await Promise.all(started)).map(({ child }) => child);
  const wishes = await Wishes.start(redis.url, 1, SET_SIZE, INTERVAL_MS, 600_000);
  try {
    await wishes.want(tickets(sets * SET_SIZE));
    await sleep(SETTLE_MS);
    await upstream.ask<{ requests: number }>();
    const before = {
      cpu: sum(children.map((child) => child.cpuUs())),
      lag: await scrapeLag(ports),
      at: performance.now(),
    };
    await sleep(MEASURE_MS);
    const { requests } = await upstream.ask<{ requests: number }>();
    const lag = (await scrapeLag(ports)).map(
      ([edge, count], at) => [edge, count - (before.lag[at]?.[1] ?? 0)] as const,
    );
    return {
      workers,
      due: (sets * 1000) / INTERVAL_MS,
      answered: (requests * 1000) / (performance.now() - before.at),
      processUs: (sum(children.map((child) => child.cpuUs())) - before.cpu) / requests,
      lagP50: percentile(lag, 0.5),
      lagP99: percentile(lag, 0.99),
    };
  } finally {
    wishes.stop();
    await Promise.all(children.map((child) => child.stop()));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
