import { setTimeout as sleep } from 'node:timers/promises';

import { feedKey } from '#core';

import type { BenchRedis } from '../polls/bench-redis.js';
import { Child } from '../polls/child.js';
import { workerEnv } from '../polls/cost.js';
import { table } from '../support/statistics.js';
import { FeedLeases } from './feed-leases.js';
import { longestScriptMs, watchScripts } from './slow-scripts.js';
import { untilTrue } from './until-true.js';

/** What many tickets in one feed cost one worker and Redis. */
export interface TicketsRow {
  readonly tickets: number;
  /** Sets of the feed once all tickets are packed. */
  readonly sets: number;
  /** Until all of them are wanted, and until all have been answered for and are packed, ms. */
  readonly joinMs: number;
  readonly packedMs: number;
  /** Polls per second, and those that are due. */
  readonly polls: number;
  readonly due: number;
  /** Shares of a core, in steady state. */
  readonly workerCore: number;
  readonly redisCore: number;
  /** Data of Redis per ticket, bytes. */
  readonly redisBytes: number;
  readonly workerMb: number;
  /** One renewal of all leases, ms. */
  readonly renewalMs: number;
  /** Of joins, polls and renewals. */
  readonly longestScriptMs: number;
  /** From the end of the last lease until the last set had ended, ms. */
  readonly endedMs: number;
}

const FEED = { language: 'zh-cn' };
const SET_SIZE = 100;
const INTERVAL_MS = 10_000;
const LINGER_MS = 30_000;
const MEASURE_MS = 20_000;
/** Longest wait for anything, ms. */
const WITHIN_MS = 180_000;
const MEGABYTE = 1_048_576;

export async function manyTickets(redis: BenchRedis, upstream: Child, url: string, count: number): Promise<TicketsRow> {
  await redis.clear();
  const empty = await dataBytes(redis);
  await watchScripts(redis.client);
  const worker = Child.program(
    'apps/worker/src/main.js',
    workerEnv(redis, url, { setSize: SET_SIZE, intervalMs: INTERVAL_MS }),
  );
  const names = Array.from({ length: count }, (_, at) => `TICKET-${at}`);
  const leases = await FeedLeases.start(redis.url, INTERVAL_MS, LINGER_MS, names);
  const due = `${leases.keys.base(feedKey(FEED))}due`;
  const sets = Math.ceil(count / SET_SIZE);
  try {
    const beganAt = performance.now();
    const joinMs = await leases.want([FEED]);
    await untilTrue(
      async () => (await redis.client.zcard(due)) === sets && (await areAnswered(leases, count)),
      WITHIN_MS,
    );
    const packedMs = performance.now() - beganAt;
    const redisBytes = ((await dataBytes(redis)) - empty) / count;
    await upstream.ask();
    const [at, workerUs, redisUs] = [performance.now(), worker.cpuUs, redis.cpuUs];
    await sleep(MEASURE_MS);
    const { requests } = await upstream.ask<{ requests: number }>();
    const us = (performance.now() - at) * 1000;
    const steady = { workerCore: (worker.cpuUs - workerUs) / us, redisCore: (redis.cpuUs - redisUs) / us };
    const renewalMs = await leases.renew();
    const scripts = await longestScriptMs(redis.client);
    const workerMb = worker.memory / MEGABYTE;
    const endsAt = await leases.endRenewing();
    await untilTrue(async () => (await leases.withSets([FEED])) === 0, LINGER_MS + WITHIN_MS);
    const rates = { polls: (requests * 1e6) / us, due: (sets * 1000) / INTERVAL_MS };
    const ended = { longestScriptMs: scripts, endedMs: Math.max(0, Date.now() - endsAt) };
    return { tickets: count, sets, joinMs, packedMs, ...rates, ...steady, redisBytes, workerMb, renewalMs, ...ended };
  } finally {
    leases.stop();
    await worker.stop();
  }
}

export function ticketsTable(rows: readonly TicketsRow[]): string {
  const head = [
    'tickets of one feed',
    'wanted, ms',
    'packed, s',
    'polls/s (due)',
    'worker, % of a core',
    'Redis, % of a core',
    'Redis, bytes per ticket',
    'worker MB',
    'renewal ms',
    'longest script ms',
    'ended after, s',
  ];
  return table(
    head,
    rows.map((row) => [
      `${row.tickets.toLocaleString('en')} in ${row.sets} sets`,
      row.joinMs.toFixed(0),
      (row.packedMs / 1000).toFixed(1),
      `${row.polls.toFixed(1)} (${row.due.toFixed(1)})`,
      (row.workerCore * 100).toFixed(1),
      (row.redisCore * 100).toFixed(1),
      row.redisBytes.toFixed(0),
      row.workerMb.toFixed(0),
      row.renewalMs.toFixed(0),
      row.longestScriptMs.toFixed(1),
      (row.endedMs / 1000).toFixed(1),
    ]),
  );
}

/** Whether the upstream has answered for each of the tickets: their first poll is no longer awaited. */
async function areAnswered(leases: FeedLeases, count: number): Promise<boolean> {
  const base = leases.keys.base(feedKey(FEED));
  const places = await leases.commands.hlen(`${base}place`);
  const sizes = await leases.commands.zrange(`${base}sizes`, '0', '-1');
  const answered = await Promise.all(sizes.map((set) => leases.commands.hget(`${base}set:${set}`, 'answered')));
  return places === count && answered.every((at) => at !== null);
}

async function dataBytes(redis: BenchRedis): Promise<number> {
  return Number(/used_memory_dataset:(\d+)/.exec(await redis.client.info('memory'))?.[1]);
}
