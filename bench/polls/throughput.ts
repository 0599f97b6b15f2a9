import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../../test/harness/processes/ports.js';
import type { BenchRedis } from './bench-redis.js';
import { Child } from './child.js';
import { workerEnv } from './cost.js';
import { percentile, scrapeLag } from './lag.js';
import { tickets, InterestLeases } from './interest-leases.js';

/** The throughput of several workers with sets that are due every second. */
export interface ThroughputRow {
  readonly workers: number;
  /** Polls per second: due, and answered. */
  readonly due: number;
  readonly answered: number;
  /** CPU microseconds of the workers per poll. */
  readonly processUs: number;
  /** Time from the due time to the request, ms: upper edges of the histogram's buckets. */
  readonly lagP50: number;
  readonly lagP99: number;
}

const INTERVAL_MS = 1000;
const SET_SIZE = 100;
/** Longest time until all sets are backfilled, packed and polled once per interval, ms. */
const SETTLE_MAX_MS = 90_000;
const MEASURE_MS = 10_000;

export async function throughput(
  redis: BenchRedis,
  upstream: Child,
  url: string,
  sets: number,
  workers: number,
): Promise<ThroughputRow> {
  await redis.clear();
  const env = workerEnv(redis, url, { setSize: SET_SIZE, intervalMs: INTERVAL_MS });
  const ports = await Promise.all(Array.from({ length: workers }, () => freePort()));
  const children = ports.map((port) => Child.program('apps/worker/src/main.js', { ...env, PORT: String(port) }));
  const leases = await InterestLeases.start(redis.url, 1, SET_SIZE, INTERVAL_MS, 600_000);
  try {
    await leases.want(tickets(sets * SET_SIZE));
    await untilInStep(upstream, sets);
    const before = {
      cpu: sum(children.map((child) => child.cpuUs)),
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
      processUs: (sum(children.map((child) => child.cpuUs)) - before.cpu) / requests,
      lagP50: percentile(lag, 0.5),
      lagP99: percentile(lag, 0.99),
    };
  } finally {
    leases.stop();
    await Promise.all(children.map((child) => child.stop()));
  }
}

/**
 * Resolves when every set was polled once in a second, twice in a row, or after the longest time. The figures show
 * which.
 */
async function untilInStep(upstream: Child, sets: number): Promise<void> {
  await upstream.ask();
  for (let inStep = 0, waited = 0; inStep < 2 && waited < SETTLE_MAX_MS; waited += INTERVAL_MS) {
    await sleep(INTERVAL_MS);
    const { requests } = await upstream.ask<{ requests: number }>();
    inStep = Math.abs(requests - sets) < sets * 0.05 ? inStep + 1 : 0;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
