import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, untilListening } from '../../test/harness/processes/ports.js';
import { RedisServer } from '../../test/harness/processes/redis-server.js';
import { FilledStore } from './filled-store.js';
import { LiveClients } from './live-clients.js';
import { historyPages } from './history-pages.js';
import { publicationCosts, type PublicationsRow } from './publications.js';
import type { Scene } from './scene.js';
import { longestScriptMs, watchScripts } from './slow-scripts.js';
import type { ReaderOrder, ReaderReport } from './reader.js';
import { MeasuredProcess } from '../support/measured-process.js';
import { BenchProcess } from '../support/process.js';
import { p99, table } from '../support/statistics.js';

const quick = process.env['BENCH_QUICK'] === '1';

const TICKETS = Array.from({ length: quick ? 100 : 500 }, (_, at) => `TICKET-${String(at).padStart(4, '0')}`);
const PUBLISHED = Array.from({ length: 50 }, (_, at) => `PUBLISHED-${at}`);
const EACH = quick ? 200 : 1000;
const LIVE_CLIENTS = 100;
const QUIET_MS = 5000;
const SAMPLE_MS = 25;
const MEGABYTE = 1_048_576;

export interface Row {
  readonly name: string;
  readonly seconds: number;
  readonly events: number;
  readonly lost: number;
  readonly gatewayMs: number;
  readonly redisMs: number;
  readonly peakMb: number;
  readonly longestScriptMs: number;
  readonly quietP99: number;
  readonly liveP99: number;
}

export interface ReplayCosts {
  /** A table: what pages at several places of one history cost. */
  readonly pages: string;
  readonly publications: readonly PublicationsRow[];
  readonly rows: readonly Row[];
}

/**
 * What replays cost as they grow, and pages of history at any place. 100 live clients wait for messages meanwhile.
 *
 * @param done called with all results so far
 */
export async function replayCosts(rounds: number, done: (costs: ReplayCosts) => void): Promise<void> {
  const rows: Row[] = [];
  const server = await RedisServer.start('--appendonly', 'no');
  const store = FilledStore.connect(server.url);
  const operator = new Redis(server.url);
  try {
    await store.fill(TICKETS, EACH);
    const pages = await withGateway(server, store, operator, ({ port, gateway }) =>
      historyPages(port, TICKETS[0] ?? '', gateway),
    );
    // Its own tickets: histories of the others must not be cut.
    await store.fill(PUBLISHED, 1);
    const publications = await withGateway(server, store, operator, async (scene) => {
      const follower = await LiveClients.follow(scene.port, PUBLISHED);
      try {
        return await publicationCosts(scene, store, PUBLISHED);
      } finally {
        follower.destroy();
      }
    });
    for (let round = 0; round < rounds; round += 1) {
      for await (const row of replays(server, store, operator)) {
        rows.push(row);
        done({ pages, publications, rows });
      }
    }
  } finally {
    operator.disconnect();
    store.stop();
    await server.dispose();
  }
}

async function* replays(server: RedisServer, store: FilledStore, operator: Redis): AsyncGenerator<Row> {
  const part = (count: number) => TICKETS.slice(0, count);
  const sizes = [...new Set([Math.min(50, TICKETS.length), Math.min(200, TICKETS.length), TICKETS.length])];
  let resume: string | null = null;
  for (const size of sizes) {
    const remember = size === TICKETS.length ? Math.floor(size * EACH * 0.8) : undefined;
    const order = { tickets: part(size), history: 1000, ...(remember && { remember }) };
    const { row, reports } = await measured(server, store, operator, `${size} x ${EACH}`, [order]);
    resume = reports[0]?.remembered ?? resume;
    yield row;
  }
  const whole = { tickets: TICKETS, history: 1000 };
  yield (
    await measured(
      server,
      store,
      operator,
      `ten of ${TICKETS.length} x ${EACH}`,
      Array.from({ length: 10 }, () => whole),
    )
  ).row;
  const back = { tickets: TICKETS, history: 0, ...(resume && { lastEventId: resume }) };
  yield (await measured(server, store, operator, `resume ${TICKETS.length * EACH * 0.2} events back`, [back])).row;
}

/** Runs with a gateway of its own, so that it begins with empty tails. */
async function withGateway<T>(
  server: RedisServer,
  store: FilledStore,
  operator: Redis,
  work: (scene: Scene) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const gateway = BenchProcess.node('apps/gateway/src/main.js', {
    ...{ HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'warn', REDIS_URL: server.url, AUTH_MODE: 'none' },
  });
  await untilListening(port, 'the gateway');
  const live = await LiveClients.open(port, LIVE_CLIENTS, store);
  try {
    return await work({ gateway, redis: new MeasuredProcess(server.pid), operator, live, port });
  } finally {
    await live.close();
    await gateway.stop();
  }
}

function measured(
  server: RedisServer,
  store: FilledStore,
  operator: Redis,
  name: string,
  orders: readonly Omit<ReaderOrder, 'port'>[],
): Promise<{ row: Row; reports: readonly ReaderReport[] }> {
  return withGateway(server, store, operator, async ({ gateway, redis, live, port }) => {
    await sleep(1000);
    live.take();
    await sleep(QUIET_MS);
    const quietP99 = p99(live.take());
    const memory = await gateway.settledMemory();
    await watchScripts(operator);
    const readers = await Promise.all(orders.map(() => reader()));
    const [gatewayUs, redisUs] = [gateway.cpuUs, redis.cpuUs];
    live.take();
    let peak = 0;
    const sampling = setInterval(() => (peak = Math.max(peak, gateway.memory)), SAMPLE_MS);
    const began = performance.now();
    const reports = await Promise.all(readers.map((one, at) => one.ask({ ...(orders[at] as ReaderOrder), port })));
    const seconds = (performance.now() - began) / 1000;
    clearInterval(sampling);
    const scripts = await longestScriptMs(operator);
    const row = {
      name,
      seconds,
      events: reports.reduce((sum, { events }) => sum + events, 0),
      lost: reports.reduce(
        (sum, { events, faults, ready }) => sum + faults + Math.abs((ready.replayed ?? 0) - events),
        0,
      ),
      gatewayMs: (gateway.cpuUs - gatewayUs) / 1000,
      redisMs: (redis.cpuUs - redisUs) / 1000,
      peakMb: (peak - memory) / MEGABYTE,
      longestScriptMs: scripts,
      quietP99,
      liveP99: p99(live.take()),
    };
    await Promise.all(readers.map((one) => one.stop()));
    return { row, reports };
  });
}

async function reader() {
  const child = BenchProcess.node('bench/growth/reader.js');
  await once(child.child, 'message');
  return {
    async ask(order: ReaderOrder): Promise<ReaderReport> {
      child.child.send(order);
      const [answer] = (await once(child.child, 'message')) as [ReaderReport | { error: string }];
      if ('error' in answer) throw new Error(answer.error);
      return answer;
    },
    stop: () => child.stop(),
  };
}

/** All rows as a table. */
export function replayTable(rows: readonly Row[]): string {
  const head = [
    'replay',
    's',
    'events',
    'lost',
    'gateway CPU s',
    'Redis CPU s',
    'peak MB',
    'longest script ms',
    'live p99 ms (quiet)',
  ];
  return table(
    head,
    rows.map((row) => [
      row.name,
      row.seconds.toFixed(1),
      String(row.events),
      String(row.lost),
      (row.gatewayMs / 1000).toFixed(2),
      (row.redisMs / 1000).toFixed(2),
      row.peakMb.toFixed(0),
      row.longestScriptMs.toFixed(1),
      `${row.liveP99.toFixed(1)} (${row.quietP99.toFixed(1)})`,
    ]),
  );
}
