import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRedis } from './bench-redis.js';
import { Child } from './child.js';
import { workerEnv } from './cost.js';
import { tickets, InterestLeases } from './interest-leases.js';

/** Requests per interval, compared with the smallest possible number. */
export interface FloorRow {
  readonly tickets: number;
  readonly gateways: number;
  readonly floor: number;
  /** Requests per interval, average of the measured intervals. */
  readonly requests: number;
}

const INTERVAL_MS = 1000;
const SET_SIZE = 100;
/** Measured intervals. They begin when all sets are backfilled, packed and polled once per interval. */
const INTERVALS = 5;
const SETTLE_MS = 5000;

interface Counts {
  readonly requests: number;
}

/** Steady state: `gateways` gateways want the same tickets. */
export function steadyFloor(
  redis: BenchRedis,
  upstream: Child,
  url: string,
  count: number,
  gateways: number,
): Promise<FloorRow> {
  return settled(redis, upstream, url, count, gateways, (leases) => leases.want(tickets(count)));
}

/** Steady state: 10,000 clients of four gateways want five tickets each, drawn at random from 1,000. */
export function sharedFloor(redis: BenchRedis, upstream: Child, url: string): Promise<FloorRow> {
  return settled(redis, upstream, url, 1000, 4, (leases) => leases.wantAtRandom(10_000, 5, tickets(1000)));
}

async function settled(
  redis: BenchRedis,
  upstream: Child,
  url: string,
  count: number,
  gateways: number,
  want: (leases: InterestLeases) => Promise<void>,
): Promise<FloorRow> {
  await redis.clear();
  const child = Child.program('apps/worker/src/main.js', workerEnv(redis, url, LOAD));
  const leases = await InterestLeases.start(redis.url, gateways, SET_SIZE, INTERVAL_MS);
  try {
    await want(leases);
    await sleep(SETTLE_MS);
    await upstream.ask<Counts>();
    await sleep(INTERVALS * INTERVAL_MS);
    const { requests } = await upstream.ask<Counts>();
    return { tickets: count, gateways, floor: Math.ceil(count / SET_SIZE), requests: requests / INTERVALS };
  } finally {
    leases.stop();
    await child.stop();
  }
}

const LOAD = { setSize: SET_SIZE, intervalMs: INTERVAL_MS };

export interface ChurnRow {
  /** Distinct tickets that were wanted at any time within the interval, those in their linger time included. */
  readonly wanted: number;
  readonly floor: number;
  readonly requests: number;
}

/** In every interval a fifth of the tickets leave and as many others join, in twenty steps. */
export async function churnFloor(
  redis: BenchRedis,
  upstream: Child,
  url: string,
  count: number,
): Promise<readonly ChurnRow[]> {
  await redis.clear();
  const child = Child.program('apps/worker/src/main.js', workerEnv(redis, url, LOAD));
  const leases = await InterestLeases.start(redis.url, 1, SET_SIZE, INTERVAL_MS, 3000);
  const rows: ChurnRow[] = [];
  try {
    await leases.want(tickets(count));
    const step = Math.ceil(count / 100);
    let first = 0;
    await sleep(SETTLE_MS);
    for (let interval = 0; interval < 15; interval += 1) {
      await upstream.ask<Counts>();
      const wanted = (await leases.placed()) + 20 * step;
      const end = performance.now() + INTERVAL_MS;
      for (let part = 0; part < 20; part += 1) {
        await leases.want(tickets(step, first + count));
        await leases.drop(tickets(step, first));
        first += step;
        await sleep(Math.max(0, end - performance.now() - ((19 - part) * INTERVAL_MS) / 20));
      }
      const { requests } = await upstream.ask<Counts>();
      rows.push({ wanted, floor: Math.ceil(wanted / SET_SIZE), requests });
    }
  } finally {
    leases.stop();
    await child.stop();
  }
  // Tickets that leave are polled for the linger time. In the first intervals none of them has ended yet.
  return rows.slice(5);
}
