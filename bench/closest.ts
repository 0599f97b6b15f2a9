import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimes, cpuTimesPer, type CpuTimes } from './closest/cpu-times.js';
import { delaysOf, type Delays } from './closest/delays.js';
import { peerDelays, type PeerDelays } from './closest/peers.js';
import { stageMeans, stageSums } from './closest/stages.js';
import type { Posting } from './contenders/contender.js';
import { PollcastDeployment } from './contenders/pollcast.js';
import { TokenIssuer } from './contenders/token-issuer.js';
import { LoadClient } from './load/load-client.js';
import { clientsAllowed } from './support/limits.js';
import { ResultsFile } from './support/results.js';
import { show, spreadOf, table } from './support/statistics.js';

/**
 * `npm run bench:closest`: the load for which the closest product publishes figures (Axway Streams, on 6 workers of 16
 * CPUs: p99 21 ms, max 250 ms), through the whole of Pollcast on this machine. The time begins when the upstream writes
 * the answer that first shows a message, and ends when a client in another process has read it.
 *
 * An identity provider has signed the clients' tokens (JWKS). `CENTRIFUGO` and `MERCURE` name the binaries of these servers, which get the
 * same messages directly.
 *
 * `BENCH_QUICK=1` gives a quick look. `BENCH_ROUNDS=3` and `BENCH_SECONDS=60` set the duration.
 */
const { env } = process;
const quick = env['BENCH_QUICK'] === '1';
const rounds = Number(env['BENCH_ROUNDS'] ?? (quick ? 1 : 3));
const seconds = Number(env['BENCH_SECONDS'] ?? (quick ? 10 : 60));

const POPULATION = { clients: 3000, tickets: 100 };
const POLL_MS = 500;
/** Tickets that change between two polls: 20 % of all. */
const CHANGING = 20;
const WARM_UP_SECONDS = 5;
const AT_ONCE = 64;
const P99_MOST_MS = 21;
const MAX_MOST_MS = 250;

const SETTINGS = {
  POLL_INTERVAL_MS: String(POLL_MS),
  POLL_INTERVAL_MAX_MS: String(POLL_MS),
  DRAIN_MS: '200',
  // One gateway process per core, as OPERATIONS.md advises.
  GATEWAY_PROCESSES: String(availableParallelism()),
};

/** Posts messages upstream. Each ticket gets one every fifth poll. */
class Conversations {
  private next = 0;

  constructor(private readonly deployment: PollcastDeployment) {}

  /** @returns what was posted */
  async run(forSeconds: number): Promise<Posting[]> {
    const all: Posting[] = [];
    const startedAt = performance.now();
    for (let tick = 1; tick <= (forSeconds * 1000) / POLL_MS; tick += 1) {
      const postings = Array.from({ length: CHANGING }, () => this.posting());
      await this.deployment.publish(postings);
      all.push(...postings);
      await sleep(Math.max(0, startedAt + tick * POLL_MS - performance.now()));
    }
    return all;
  }

  private posting(): Posting {
    const ticket = this.next % POPULATION.tickets;
    const number = Math.floor(this.next / POPULATION.tickets) + 1;
    this.next += 1;
    return { ticket, number };
  }
}

type Measured = Delays & {
  readonly stages: Readonly<Record<string, number>>;
  /** By process, for each poll that found something. */
  readonly cpu: Readonly<Record<string, CpuTimes>>;
};

async function measure(
  conversations: Conversations,
  deployment: PollcastDeployment,
  load: LoadClient,
): Promise<Measured> {
  await load.run({ kind: 'clear' });
  const before = stageSums(await deployment.metrics());
  const cpuBefore = cpuTimes();
  const posted = await conversations.run(seconds);
  await load.until((posted.length * POPULATION.clients) / POPULATION.tickets);
  const cpuAfter = cpuTimes();
  const { arrivals } = await load.run({ kind: 'arrivals' });
  const stages = stageMeans(before, stageSums(await deployment.metrics()));
  const delays = delaysOf(posted, await deployment.shown(), arrivals ?? [], POPULATION);
  const cpu = cpuTimesPer(posted.length / delays.newPerPoll, cpuBefore, cpuAfter);
  return { ...delays, stages, cpu };
}

function print(all: readonly Measured[], acceptsPerSecond: number): void {
  const cell = (pick: (one: Measured) => number, digits: number) => show(spreadOf(all.map(pick)), digits);
  const sum = (pick: (one: Delays) => number) => all.reduce((total, one) => total + pick(one), 0);
  const worst = (pick: (one: Delays) => number) => Math.max(...all.map(pick));
  const row = (name: string, value: string, most: string, met: boolean) => [name, value, most, met ? 'met' : 'MISSED'];
  const lost = sum((one) => one.lost);
  const doubled = sum((one) => one.doubled);
  const lines = [
    ['accepts per second, JWKS', acceptsPerSecond.toFixed(0), '', ''],
    ['deliveries', sum((one) => one.deliveries).toLocaleString('en'), '', ''],
    ['new messages per poll', cell((one) => one.newPerPoll, 1), '', ''],
    ...['committed', 'heard', 'written'].map((stage) => [
      `mean ms from the answer until ${stage}`,
      cell((one) => one.stages[stage] ?? Number.NaN, 2),
      '',
      '',
    ]),
    ['mean ms until the first client of a message has it', cell((one) => one.first, 2), '', ''],
    ['mean ms until the last one has it', cell((one) => one.last, 2), '', ''],
    ['p50 ms', cell((one) => one.p50, 2), '', ''],
    row(
      'p99 ms',
      cell((one) => one.p99, 2),
      String(P99_MOST_MS),
      spreadOf(all.map((one) => one.p99)).median <= P99_MOST_MS,
    ),
    row(
      'max ms',
      cell((one) => one.max, 2),
      String(MAX_MOST_MS),
      worst((one) => one.max) <= MAX_MOST_MS,
    ),
    row('lost', String(lost), '0', lost === 0),
    row('doubled', String(doubled), '0', doubled === 0),
  ];
  const cpu = Object.keys(all[0]?.cpu ?? {}).map((name) => [
    name,
    cell((one) => one.cpu[name]?.ran ?? Number.NaN, 1),
    cell((one) => one.cpu[name]?.waited ?? Number.NaN, 1),
  ]);
  console.log(`\nms of CPU for each poll\n${table(['processes', 'ran', 'waited for a CPU'], cpu)}`);
  const load = `${POPULATION.clients} SSE clients, ${POPULATION.tickets} tickets, a poll every ${POLL_MS} ms, ${CHANGING} tickets changing`;
  console.log(`\n${load}: from the upstream's answer to the client\n${table(['', 'here', 'at most', ''], lines)}`);
}

function printPeers(peers: readonly PeerDelays[]): void {
  const lines = peers.map(({ name, acceptsPerSecond, p50, p99, max, lost }) => [
    name,
    acceptsPerSecond.toFixed(0),
    ...[p50, p99, max].map((ms) => ms.toFixed(2)),
    String(lost),
  ]);
  const head = ['peer', 'accepts/s', 'p50 ms', 'p99 ms', 'max ms', 'lost'];
  console.log(`\nThe same messages, published to peers\n${table(head, lines)}`);
}

async function main(): Promise<void> {
  if (clientsAllowed(POPULATION.clients) < POPULATION.clients) {
    throw new Error('too few files may be open for this benchmark');
  }
  const file = new ResultsFile('closest');
  const load = new LoadClient();
  const issuer = await TokenIssuer.start();
  const settings = { ...SETTINGS, AUTH_JWT_SECRET: '', AUTH_JWKS_URL: issuer.url };
  const deployment = await PollcastDeployment.start('pollcast SSE', 'sse', settings);
  const measured: Measured[] = [];
  const peers: PeerDelays[] = [];
  let acceptsPerSecond = 0;
  try {
    const tokens = { reader: 'pollcast', key: issuer.key } as const;
    const plan = { ...deployment.endpoint, ...POPULATION, tokens, atOnce: AT_ONCE, keepsArrivals: true };
    const { opening } = await load.run({ kind: 'open', plan });
    acceptsPerSecond = POPULATION.clients / ((opening?.all ?? 0) / 1000);
    const conversations = new Conversations(deployment);
    const warmUp = await conversations.run(WARM_UP_SECONDS);
    await load.until((warmUp.length * POPULATION.clients) / POPULATION.tickets);
    for (let round = 1; round <= rounds; round += 1) {
      const delays = await measure(conversations, deployment, load);
      measured.push(delays);
      file.write({ seconds, population: POPULATION, pollMs: POLL_MS, changing: CHANGING, measured });
      const { p50, p99, max, lost, doubled } = delays;
      const times = [p50, p99, max].map((ms) => ms.toFixed(2)).join('/');
      console.log(`round ${round}: p50/p99/max ${times} ms, ${lost} lost, ${doubled} doubled`);
    }
    await load.run({ kind: 'close' });
    const peerLoad = { ...POPULATION, atOnce: AT_ONCE, seconds, everyMs: POLL_MS, changing: CHANGING };
    for await (const peer of peerDelays(peerLoad, load)) peers.push(peer);
    file.write({
      seconds,
      population: POPULATION,
      pollMs: POLL_MS,
      changing: CHANGING,
      acceptsPerSecond,
      measured,
      peers,
    });
  } finally {
    await load.stop();
    await deployment.stop();
    issuer.stop();
  }
  print(measured, acceptsPerSecond);
  if (peers.length > 0) printPeers(peers);
  console.log(`\nwritten to ${file.path}`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
