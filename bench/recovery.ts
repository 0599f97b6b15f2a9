import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Posting } from './contenders/contender.js';
import { PollcastDeployment } from './contenders/pollcast.js';
import { TokenIssuer } from './contenders/token-issuer.js';
import { LoadClient } from './load/load-client.js';
import { tokenMaker, type TokenPlan } from './load/tokens.js';
import { clientsAllowed } from './support/limits.js';
import { memoryText, PeakMemory, type ConnectionMemory } from './support/peak-memory.js';
import { ResultsFile } from './support/results.js';
import type { TurnLengths } from './support/turn-lengths.js';
import { p99, show, spreadOf, table } from './support/statistics.js';
import { FilledStore } from './growth/filled-store.js';
import { LIVE, LiveClients } from './growth/live-clients.js';
import { acceptedAtOnce, acceptedTable, BARE, medianP99, othersHere, type Accepted } from './recovery/accepts.js';

/**
 * `npm run bench:recovery`: 3,000 clients, and then 10,000, lose their connections, miss messages, and all connect again at the same instant.
 * The time begins when a client begins to connect. It ends when the client has read its replay and `ready` (Socket.IO:
 * the acknowledgement). Meanwhile 200 clients stay that get a message every 20 ms. `BENCH_QUICK=1` gives a quick look, `BENCH_ROUNDS=3` and
 * `BENCH_CLIENTS=3000,10000` set the size. In the rows with JWKS an identity provider has signed the clients' tokens.
 *
 * The bare libraries accept as many clients at once, without a token and a replay, and so do the servers whose binaries `CENTRIFUGO` and
 * `MERCURE` name.
 */
const { env } = process;
const quick = env['BENCH_QUICK'] === '1';
const rounds = Number(env['BENCH_ROUNDS'] ?? (quick ? 1 : 3));
const sizes = (env['BENCH_CLIENTS'] ?? (quick ? '3000' : '3000,10000')).split(',').map(Number);

const KINDS = [
  { name: 'sse', transport: 'sse', isIssued: false },
  { name: 'socket.io', transport: 'socket.io', isIssued: false },
  { name: 'sse (JWKS)', transport: 'sse', isIssued: true },
] as const;
type Kind = (typeof KINDS)[number];

const TICKETS = 100;
/** Messages that each client misses. */
const MISSED = 2;
/** Time until posted messages are in the history, ms. No client is connected that could notice them. */
const POLLED_MS = 3000;
const AT_ONCE = 64;
/** Clients that were there before. */
const STAYED = 200;
/** For up to 3,000 clients, and in proportion for more. */
const P99_MOST_MS = 1000;
const P99_CLIENTS = 3000;
const READS_MOST = 1;
/** What the 99th percentile may be, against that of the bare library that accepts as many. */
const BARE_MOST = 1.2;
/** What the 99th percentile of the deliveries to clients that stayed may be, against its value before. */
const STAYED_MOST = 3;

const SETTINGS = {
  POLL_INTERVAL_MS: '500',
  POLL_INTERVAL_MAX_MS: '500',
  DRAIN_MS: '200',
  // All clients have one address.
  MAX_HANDSHAKES_PER_ADDRESS_PER_S: '2000',
  // One gateway gets all of them in one instant. While RS256 tokens are checked, more than the usual 5,000 wait for that.
  MAX_UNAUTHENTICATED_CONNECTIONS: '20000',
};

/** The gateway that clients connect to again. */
const PLACES = ['the same gateway', 'a new gateway'] as const;
/** The server to compare with. */
const STATES = { 'the same gateway': 'same', 'a new gateway': 'new' } as const;

interface Recovery {
  readonly name: Kind['name'];
  readonly clients: number;
  readonly place: (typeof PLACES)[number];
  readonly recovered: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** CPU of the gateway per client that connected again, microseconds. */
  readonly cpuUs: number;
  /** History reads of Redis per ticket: calls of XREVRANGE, which only history reads make. */
  readonly readsPerTicket: number;
  /** Most while they connect again, per connection. */
  readonly memory: ConnectionMemory;
  /** 99th percentile of the deliveries to clients that stayed, ms: before the others came back, and meanwhile. */
  readonly quietP99: number;
  readonly liveP99: number;
  /** Of the gateway's event loop until the last of them was back. */
  readonly turns: TurnLengths;
  /** Missed messages that did not arrive; `faults`: arrived twice or out of order. */
  readonly lost: number;
  readonly faults: number;
}

async function main(): Promise<void> {
  const allowed = sizes.filter((clients) => clientsAllowed(clients + STAYED) >= clients + STAYED);
  if (allowed.length === 0) throw new Error('too few files may be open for this benchmark');
  const file = new ResultsFile('recovery');
  const load = new LoadClient();
  const all: Recovery[] = [];
  const accepted: Accepted[] = [];
  const others = othersHere();
  const write = () => file.write({ sizes: allowed, tickets: TICKETS, missed: MISSED, all, accepted });
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const [clients, other] of allowed.flatMap((size) => others.map((each) => [size, each] as const))) {
        for await (const one of acceptedAtOnce(other, { clients, tickets: TICKETS }, load)) {
          accepted.push(one);
          write();
          const times = [one.p50, one.p99, one.max].join('/');
          console.log(`round ${round}: ${clients} accepted by ${one.name} (${one.state}): p50/p99/max ${times} ms`);
        }
      }
      for (const [clients, kind] of allowed.flatMap((size) => KINDS.map((each) => [size, each] as const))) {
        for await (const one of recoveries(kind, clients, load)) {
          all.push(one);
          write();
          const times = [one.p50, one.p99, one.max].join('/');
          console.log(
            `round ${round}: ${clients} over ${kind.name}, ${one.place}: ${one.recovered} recovered, p50/p99/max ${times} ms, ` +
              `${one.cpuUs.toFixed(0)} us of CPU each, ${memoryText(one.memory)}, ` +
              `${one.readsPerTicket.toFixed(2)} reads per ticket, those who stayed ` +
              `${one.quietP99.toFixed(1)} -> ${one.liveP99.toFixed(1)} ms, gateway's turns ${turnsText(one.turns)}, ${one.lost + one.faults} lost`,
          );
        }
      }
    }
  } finally {
    await load.stop();
  }
  allowed.forEach((clients) => print(clients, all, accepted));
  console.log(`\nwritten to ${file.path}`);
}

/** One deployment whose clients lose their connections twice. */
async function* recoveries(kind: Kind, clients: number, load: LoadClient): AsyncGenerator<Recovery> {
  const { name, transport } = kind;
  const issuer = kind.isIssued ? await TokenIssuer.start() : null;
  const settings = { ...SETTINGS, ...(issuer && { AUTH_JWT_SECRET: '', AUTH_JWKS_URL: issuer.url }) };
  const tokens: TokenPlan = { reader: 'pollcast', ...(issuer && { key: issuer.key }) };
  const makeToken = await tokenMaker(tokens);
  const deployment = await PollcastDeployment.start(name, transport, settings);
  const redis = new Redis(deployment.redisPort);
  const store = FilledStore.connect(`redis://127.0.0.1:${deployment.redisPort}`);
  const stay = () => LiveClients.open(deployment.endpoint.port, STAYED, store, (client) => makeToken(client, LIVE));
  const posts = new Posts(deployment);
  try {
    const plan = { ...deployment.endpoint, tokens, clients, tickets: TICKETS, atOnce: AT_ONCE, keepsIds: true };
    await load.run({ kind: 'open', plan });
    await posts.toEach(1);
    await load.until(clients);
    for (const place of PLACES) {
      await load.run({ kind: 'clear' });
      await load.run({ kind: 'cut' });
      if (place === 'a new gateway') await deployment.replaceGateway();
      await posts.toEach(MISSED);
      const stayed = await stay();
      stayed.take();
      await sleep(POLLED_MS);
      const quietP99 = p99(stayed.take());
      const before = await historyReads(redis);
      const cpuBefore = deployment.server.cpuUs;
      const [back, memory] = await PeakMemory.during(deployment.server, clients, async () => {
        await deployment.server.turns();
        const { opening } = await load.run({ kind: 'reopen', atOnce: clients });
        const turns = await deployment.server.turns();
        const cpuUs = (deployment.server.cpuUs - cpuBefore) / clients;
        const { delivered, faults } = await load.until(clients * MISSED);
        return { opening, turns, cpuUs, delivered, faults };
      });
      const { opening, turns, cpuUs, delivered, faults } = back;
      const liveP99 = p99(stayed.take());
      await stayed.close();
      const readsPerTicket = ((await historyReads(redis)) - before) / TICKETS;
      const { p50 = NaN, max = NaN } = opening?.each ?? {};
      const recovered = opening?.recovered ?? 0;
      const lost = clients * MISSED - delivered;
      const times = { p50, p99: opening?.each.p99 ?? NaN, max, quietP99, liveP99 };
      yield { name, clients, place, recovered, ...times, turns, cpuUs, memory, readsPerTicket, lost, faults };
    }
    await load.run({ kind: 'close' });
  } finally {
    redis.disconnect();
    store.stop();
    await deployment.stop();
    issuer?.stop();
  }
}

/** Posts numbered messages upstream. */
class Posts {
  private last = 0;

  constructor(private readonly deployment: PollcastDeployment) {}

  async toEach(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      this.last += 1;
      const number = this.last;
      await this.deployment.publish(Array.from({ length: TICKETS }, (_, ticket): Posting => ({ ticket, number })));
    }
  }
}

function turnsText({ p99, longest, ran, waited }: TurnLengths): string {
  const share = (100 * waited) / (ran + waited);
  return `${p99.toFixed(1)} ms of CPU (p99; longest ${longest.toFixed(1)}), without a CPU for ${share.toFixed(0)} % of its time`;
}

async function historyReads(redis: Redis): Promise<number> {
  return Number(/cmdstat_xrevrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
}

function print(clients: number, measured: readonly Recovery[], others: readonly Accepted[]): void {
  const all = measured.filter((one) => one.clients === clients);
  const accepted = others.filter((one) => one.clients === clients);
  const most = P99_MOST_MS * Math.max(1, clients / P99_CLIENTS);
  const head = [
    '',
    'back at',
    'recovered',
    'p50 ms',
    'p99 ms',
    'max ms',
    'p99 / bare',
    'CPU us each',
    'reads per ticket',
    'stayed, p99 ms',
    "gateway's turns, CPU ms, p99",
    'longest',
    'ready without a CPU, %',
    'kB each, resident',
    'kernel',
    'its sockets',
    'lost',
    '',
  ];
  const kinds = [...new Map(all.map((one) => [`${one.name} ${one.place}`, one])).values()];
  const lines = kinds.map(({ name, place }) => {
    const of = all.filter((one) => one.name === name && one.place === place);
    const cell = (pick: (one: Recovery) => number, digits: number) => show(spreadOf(of.map(pick)), digits);
    const lost = of.reduce((sum, one) => sum + one.lost + one.faults, 0);
    const least = Math.min(...of.map((one) => one.recovered));
    const reads = Math.max(...of.map((one) => one.readsPerTicket));
    const { median } = spreadOf(of.map((one) => one.p99));
    const bare = medianP99(accepted, BARE[name === 'socket.io' ? name : 'sse'], STATES[place]);
    const inTime = median <= most && median <= BARE_MOST * bare;
    const [quietly, meanwhile] = [of.map((one) => one.quietP99), of.map((one) => one.liveP99)].map(
      (values) => spreadOf(values).median,
    );
    const isLive = (meanwhile ?? NaN) <= STAYED_MOST * (quietly ?? NaN);
    const met = least === clients && reads <= READS_MOST && lost === 0 && inTime && isLive;
    return [
      name,
      place,
      `${least} of ${clients}`,
      cell((one) => one.p50, 0),
      cell((one) => one.p99, 0),
      cell((one) => one.max, 0),
      (median / bare).toFixed(2),
      cell((one) => one.cpuUs, 0),
      cell((one) => one.readsPerTicket, 2),
      `${quietly?.toFixed(1)} -> ${meanwhile?.toFixed(1)}`,
      cell((one) => one.turns.p99, 1),
      cell((one) => one.turns.longest, 1),
      cell(({ turns: { ran, waited } }) => (100 * waited) / (ran + waited), 0),
      cell((one) => one.memory.resident / 1024, 1),
      cell((one) => one.memory.kernel / 1024, 1),
      cell((one) => one.memory.sockets / 1024, 1),
      String(lost),
      met ? 'met' : 'MISSED',
    ];
  });
  const wanted = `all recovered, p99 at most ${most.toFixed(0)} ms and ${BARE_MOST} times that of the bare library, at most ${READS_MOST} reads per ticket, nothing lost, p99 of those who stayed at most ${STAYED_MOST} times as before`;
  console.log(
    `\n${clients} clients cut off and back at once (wanted: ${wanted})\n${table(head, lines)}\n\n${acceptedTable(accepted)}`,
  );
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
