import { Bare } from './contenders/bare.js';
import { Centrifugo } from './contenders/centrifugo.js';
import type { ContenderKind } from './contenders/contender.js';
import { Nchan } from './contenders/nchan.js';
import { Mercure } from './contenders/mercure.js';
import { Pollcast, PollcastWithIssuer } from './contenders/pollcast.js';
import { present } from './contenders/present.js';
import { measureIdle, type Idle } from './idle.js';
import { LoadClient } from './load/load-client.js';
import { FLAT_ROWS, QUICK_ROWS, ROWS, rowsOf } from './rows.js';
import { DeliveryBench, type Measured } from './delivery-bench.js';
import { deliveryLine, idleLine, printDeliveries, printIdle, printRatios } from './report.js';
import { clientsAllowed } from './support/limits.js';
import { ResultsFile } from './support/results.js';

/**
 * `npm run bench:fanout`: what a delivery costs with Pollcast and with the servers that one could use instead.
 *
 * `BENCH_QUICK=1` gives a quick look, `BENCH_FLAT=1` the cost by number of clients. `BENCH_ROWS=1x1000,1000x5`,
 * `CENTRIFUGO` and `MERCURE` name the binaries of these servers, which are then measured beside us.
 * `BENCH_ROUNDS=3`, `BENCH_ONLY=pollcast SSE,bare ws` and `BENCH_IDLE=5000` (0: none) choose the measurements.
 */
const { env } = process;
const quick = env['BENCH_QUICK'] === '1';
const rounds = Number(env['BENCH_ROUNDS'] ?? (quick ? 1 : 3));
const only = env['BENCH_ONLY']?.split(',');
const rowNames = env['BENCH_ROWS'] ?? (env['BENCH_FLAT'] === '1' ? FLAT_ROWS : quick ? QUICK_ROWS : ROWS);
const idleClients = Number(env['BENCH_IDLE'] ?? (quick ? 500 : 5000));
const pacedSeconds = quick ? 2 : 4;

/** A poll interval that gives the same bursts as the bare servers get. All other settings have their defaults. */
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
  new Centrifugo(),
  new Mercure(),
  new Pollcast('pollcast Socket.IO', 'socket.io', SETTINGS),
  new Bare('bare ws', 'bare-ws', 'ws', '/?ticket={ticket}'),
  new Bare('bare Socket.IO', 'bare-socket-io', 'socket.io', '/socket.io/?EIO=4&transport=websocket'),
];

/** What is measured while connections begin and are idle only: it differs in nothing else. */
const IDLE_KINDS: readonly ContenderKind[] = [
  new PollcastWithIssuer('pollcast SSE (JWKS)', 'sse', SETTINGS),
  new PollcastWithIssuer('pollcast Socket.IO (JWKS)', 'socket.io', SETTINGS),
];

function chosen(all: readonly ContenderKind[]): ContenderKind[] {
  return present(all.filter(({ name }) => !only || only.includes(name)));
}

async function main(): Promise<void> {
  const kinds = chosen(KINDS);
  const idleKinds = [...kinds, ...chosen(IDLE_KINDS)];
  const rows = rowsOf(rowNames).filter(({ clients }) => clientsAllowed(clients) >= clients);
  const results = { rounds, rows, deliveries: [] as Measured[], idle: [] as Idle[] };
  const file = new ResultsFile('fanout');
  const load = new LoadClient();
  const benches: DeliveryBench[] = [];
  try {
    for (const kind of kinds) benches.push(new DeliveryBench(await kind.start(), load));
    for (let round = 1; round <= rounds; round += 1) {
      for (const row of rows) {
        for (const bench of benches) {
          const measured = await bench.measure(row, pacedSeconds);
          results.deliveries.push(measured);
          file.write(results);
          console.log(`round ${round}: ${deliveryLine(measured)}`);
        }
      }
    }
  } finally {
    for (const bench of benches) await bench.contender.stop();
  }
  printDeliveries(rows, kinds, results.deliveries);
  printRatios(rows, results.deliveries);
  for (let round = 1; round <= rounds && idleClients > 0; round += 1) {
    for (const kind of idleKinds) {
      const measured = await measureIdle(kind, load, idleClients);
      results.idle.push(measured);
      file.write(results);
      console.log(`round ${round}: ${idleLine(measured)}`);
    }
  }
  if (idleClients > 0) printIdle(idleClients, idleKinds, results.idle);
  await load.stop();
  console.log(`\nwritten to ${file.path}`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
