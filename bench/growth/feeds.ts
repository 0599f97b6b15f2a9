import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { feedKey } from '#core';
import { POLL_QUEUE } from '#redis';

import type { BenchRedis } from '../polls/bench-redis.js';
import { Child } from '../polls/child.js';
import { workerEnv } from '../polls/cost.js';
import { FeedLeases } from './feed-leases.js';
import { untilTrue } from './until-true.js';

/** What many feeds with one ticket each cost one worker, and how fast it notices what ends and what is lost. */
export interface FeedsRow {
  readonly feeds: number;
  /** Polls per second, and those that are due. */
  readonly polls: number;
  readonly due: number;
  /** Shares of a core, in steady state. The idle worker takes half of the visits and polls nothing. */
  readonly workerCore: number;
  readonly idleWorkerCore: number;
  readonly redisCore: number;
  /** One renewal of all leases, ms. */
  readonly renewalMs: number;
  /** Until 500 sets whose jobs were never made had been polled, ms. */
  readonly missingJobsMs: number;
  /** Until all jobs were there again after the whole queue was lost, ms. */
  readonly lostQueueMs: number;
  /** From the end of the last lease until the last set had ended, ms. */
  readonly endedMs: number;
}

const INTERVAL_MS = 10_000;
const LINGER_MS = 30_000;
/** Until all sets are polled once per interval, and the first residencies have ended, ms. */
const SETTLE_MS = 70_000;
const MEASURE_MS = 30_000;
const LOSSES = 500;
/** Longest wait for something to be noticed, ms. */
const NOTICED_MAX_MS = 120_000;

const feedsNamed = (name: string, count: number) =>
  Array.from({ length: count }, (_, at) => ({ language: 'zh-cn', groupId: `${name}-${at}` }));

export async function manyFeeds(
  redis: BenchRedis,
  upstream: Child,
  url: string,
  count: number,
  say: (line: string) => void,
): Promise<FeedsRow> {
  await redis.clear();
  const iam = await refusingLogin();
  const env = { ...workerEnv(redis, url, { setSize: 100, intervalMs: INTERVAL_MS }) };
  const worker = Child.program('apps/worker/src/main.js', env);
  const idle = Child.program('apps/worker/src/main.js', { ...env, ...iam.settings });
  const leases = await FeedLeases.start(redis.url, INTERVAL_MS, LINGER_MS);
  const requests = async () => (await upstream.ask<{ requests: number }>()).requests;
  try {
    const feeds = feedsNamed('G', count);
    say(`  ${count} feeds begun in ${(await leases.want(feeds)).toFixed(0)} ms`);
    await sleep(SETTLE_MS);
    const steady = await inSteadyState([worker, idle, redis], requests);
    say(`  steady: ${JSON.stringify(steady)}`);
    const renewalMs = await leases.renew();
    const missingJobsMs = await missingJobs(leases);
    say(`  jobs that were never made: ${missingJobsMs.toFixed(0)} ms`);
    const lostQueueMs = await lostQueue(redis, leases, count);
    say(`  a lost queue: ${lostQueueMs.toFixed(0)} ms`);
    const endsAt = await leases.endRenewing();
    await untilTrue(async () => (await leases.withSets(feeds)) === 0, LINGER_MS + NOTICED_MAX_MS);
    const [workerCore = 0, idleWorkerCore = 0, redisCore = 0] = steady.cores;
    const due = (count * 1000) / INTERVAL_MS;
    const noticed = { renewalMs, missingJobsMs, lostQueueMs, endedMs: Date.now() - endsAt };
    return { feeds: count, polls: steady.polls, due, workerCore, idleWorkerCore, redisCore, ...noticed };
  } finally {
    leases.stop();
    await Promise.all([worker.stop(), idle.stop()]);
    iam.server.close();
  }
}

async function inSteadyState(
  measured: readonly { readonly cpuUs: number }[],
  requests: () => Promise<number>,
): Promise<{ polls: number; cores: number[] }> {
  await requests();
  const [cpu, at] = [measured.map((one) => one.cpuUs), performance.now()];
  await sleep(MEASURE_MS);
  const polls = await requests();
  const us = (performance.now() - at) * 1000;
  return { polls: (polls * 1e6) / us, cores: measured.map((one, index) => (one.cpuUs - (cpu[index] ?? 0)) / us) };
}

/** Sets whose jobs were never made: their gateway died before it woke them. */
async function missingJobs(leases: FeedLeases): Promise<number> {
  const beganAt = performance.now();
  const feeds = feedsNamed('missing', LOSSES);
  await leases.wantWithoutJobs(feeds);
  const arePolled = async () => {
    const answered = feeds.map((feed) => leases.commands.hget(`${leases.keys.base(feedKey(feed))}set:1`, 'answered'));
    return (await Promise.all(answered)).every((one) => one !== null);
  };
  await untilTrue(arePolled, NOTICED_MAX_MS);
  return performance.now() - beganAt;
}

/** The whole queue is deleted. */
async function lostQueue(redis: BenchRedis, leases: FeedLeases, count: number): Promise<number> {
  const beganAt = performance.now();
  const prefix = `${leases.keys.queuePrefix}:${POLL_QUEUE}:`;
  const keys: string[] = [];
  for await (const found of redis.client.scanStream({ match: `${prefix.replace(/[{}]/g, '?')}*`, count: 10_000 })) {
    keys.push(...(found as string[]));
  }
  await redis.client.unlink(...keys);
  const jobs = async () => {
    let found = 0;
    for await (const page of redis.client.scanStream({
      match: `${prefix.replace(/[{}]/g, '?')}zh-cn/*`,
      count: 10_000,
    })) {
      found += (page as string[]).filter((key) => !key.endsWith(':lock')).length;
    }
    return found;
  };
  await untilTrue(async () => (await jobs()) >= count, NOTICED_MAX_MS);
  return performance.now() - beganAt;
}

/** A login service that refuses: a worker that uses it polls nothing, and visits feeds like any other. */
async function refusingLogin(): Promise<{ server: Server; settings: Record<string, string> }> {
  const server = createServer((_, response) =>
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}'),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const user = { IAM_USERNAME: 'bench', IAM_PASSWORD: 'bench', IAM_DOMAIN: 'bench' };
  const { port } = server.address() as AddressInfo;
  return { server, settings: { UPSTREAM_AUTH: 'iam', IAM_BASE_URL: `http://127.0.0.1:${port}`, ...user } };
}
