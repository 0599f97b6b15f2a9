import { setTimeout as sleep } from 'node:timers/promises';

import type { FilledStore } from './filled-store.js';
import type { Scene } from './scene.js';
import { longestScriptMs, watchScripts } from './slow-scripts.js';
import { p99, table } from '../support/statistics.js';

/** What publications cost as they become more: each commit publishes one message on each of some tickets. */
export interface PublicationsRow {
  readonly perSecond: number;
  readonly gatewayUs: number;
  readonly redisUs: number;
  readonly peakMb: number;
  readonly longestScriptMs: number;
  /** 99th percentile of the deliveries to the clients of another ticket, ms. */
  readonly liveP99: number;
}

/** Messages of one commit. */
const PER_COMMIT = 50;
const RATES = [500, 2000, 8000];
const MEASURE_MS = 8000;
const SAMPLE_MS = 25;
const MEGABYTE = 1_048_576;

/** @param tickets that clients of the gateway follow */
export async function publicationCosts(
  { gateway, redis, operator, live }: Scene,
  store: FilledStore,
  tickets: readonly string[],
): Promise<PublicationsRow[]> {
  const rows: PublicationsRow[] = [];
  for (const rate of RATES) {
    const memory = await gateway.settledMemory();
    await watchScripts(operator);
    live.take();
    let [peak, published] = [0, 0];
    const sampling = setInterval(() => (peak = Math.max(peak, gateway.memory)), SAMPLE_MS);
    const [began, gatewayUs, redisUs] = [performance.now(), gateway.cpuUs, redis.cpuUs];
    while (performance.now() - began < MEASURE_MS) {
      await store.publish(tickets.slice(0, PER_COMMIT));
      published += PER_COMMIT;
      await sleep(Math.max(0, began + (published / rate) * 1000 - performance.now()));
    }
    const seconds = (performance.now() - began) / 1000;
    clearInterval(sampling);
    rows.push({
      perSecond: published / seconds,
      gatewayUs: (gateway.cpuUs - gatewayUs) / published,
      redisUs: (redis.cpuUs - redisUs) / published,
      peakMb: (peak - memory) / MEGABYTE,
      longestScriptMs: await longestScriptMs(operator),
      liveP99: p99(live.take()),
    });
  }
  return rows;
}

export function publicationsTable(rows: readonly PublicationsRow[]): string {
  const head = [
    'publications/s',
    'gateway CPU us each',
    'Redis CPU us each',
    'peak MB',
    'longest script ms',
    'live p99 ms',
  ];
  return table(
    head,
    rows.map((row) => [
      row.perSecond.toFixed(0),
      row.gatewayUs.toFixed(1),
      row.redisUs.toFixed(1),
      row.peakMb.toFixed(0),
      row.longestScriptMs.toFixed(1),
      row.liveP99.toFixed(1),
    ]),
  );
}
