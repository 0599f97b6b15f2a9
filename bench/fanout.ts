import { Bare } from './contenders/bare.js';
import type { ContenderKind } from './contenders/contender.js';
import { Nchan } from './contenders/nchan.js';
import { Pollcast } from './contenders/pollcast.js';
import { measureIdle, type Idle } from './idle.js';
import { LoadClient } from './load/load-client.js';
import { FLAT_ROWS, QUICK_ROWS, ROWS } from './rows.js';
import { Stage, type Measured } from './stage.js';
import { printDeliveries, printIdle, printRatios } from './report.js';
import { clientsAllowed } from './support/limits.js';
import { writeResults } from './support/results.js';

/** `npm run bench:fanout`: what a delivery costs here, and what it costs those that one would use instead. */
const quick = process.env['BENCH_QUICK'] === '1';
const runs = Number(process.env['BENCH_RUNS'] ?? (quick ? 1 : 3));
const only = process.env['BENCH_ONLY']?.split(',');
const rowNames = process.env['BENCH_ROWS']?.split(';');
const idleClients = quick ? 500 : 5000;

/** A pace that brings the same bursts as the bare servers are given; everything else as it is by default. */
const SETTINGS = {
  POLL_INTERVAL_MS: '100',
  POLL_INTERVAL_MAX_MS: '100',
  POLL_OVERLAP_MS: '0',
  SUBSCRIPTION_LINGER_MS: '3000',
  DRAIN_MS: '200',
};

const KINDS: readonly ContenderKind[] = [
  new Pollcast('pollcast SSE', 'sse', SETTINGS),
  new Bare('bare node:http SSE', 'bare-sse', 'sse', '/?ticket={ticket}'),
  new Nchan('nchan SSE', 'sse'),
  new Pollcast('pollcast Socket.IO', 'socket.io', SETTINGS),
  new Bare('bare ws', 'bare-ws', 'ws', '/?ticket={ticket}'),
  new Bare('bare Socket.IO', 'bare-socket-io', 'socket.io', '/socket.io/?EIO=4&transport=websocket'),
];

async function main(): Promise<void> {
  const kinds = KINDS.filter(({ name }) => !only || only.includes(name)).filter((kind) => {
    const reason = kind.absent();
    if (reason !== null) console.warn(`\n!!! ${kind.name} is NOT measured: ${reason}\n`);
    return reason === null;
  });
  const wanted = process.env['BENCH_FLAT'] === '1' ? FLAT_ROWS : quick ? QUICK_ROWS : ROWS;
  const rows = wanted.filter(
    ({ clients, name }) => clientsAllowed(clients) >= clients && (!rowNames || rowNames.includes(name)),
  );
  const load = new LoadClient();
  const deliveries: Measured[] = [];
  const stages: Stage[] = [];
  try {
    for (const kind of kinds) stages.push(new Stage(await kind.start(), load));
    for (let run = 0; run < runs; run += 1) {
      for (const row of rows) {
        for (const stage of stages) deliveries.push(await stage.measure(row, quick ? 2 : 4));
      }
    }
  } finally {
    for (const stage of stages) await stage.contender.stop();
  }
  printDeliveries(rows, kinds, deliveries);
  printRatios(rows, deliveries);
  const idle: Idle[] = [];
  if (process.env['BENCH_IDLE'] !== '0') {
    for (let run = 0; run < runs; run += 1) {
      for (const kind of kinds) idle.push(await measureIdle(kind, load, idleClients));
    }
    printIdle(idleClients, kinds, idle);
  }
  await load.stop();
  writeResults('fanout', { runs, rows, deliveries, idle });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
