import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { tokenFor } from '../test/harness/clients/tokens.js';
import { SseClient } from '../test/harness/clients/sse-client.js';
import { SocketClient } from '../test/harness/clients/socket-client.js';
import { PollcastDeployment } from './contenders/pollcast.js';
import { ticketName } from './load/commands.js';
import { Histogram, type Latencies } from './load/histogram.js';
import { clientsAllowed } from './support/limits.js';
import { BenchProcess } from './support/process.js';
import { ResultsFile } from './support/results.js';
import { table } from './support/statistics.js';

/**
 * `npm run bench:hostile`: 100 honest clients beside 2,000 hostile connections: idle, slow, broken, unauthenticated and
 * flooding ones, the same number of each. It prints how late the honest clients get messages, and the resident memory of the
 * gateway, quiet and under attack, and fails if the 99th percentile more than doubles or the memory grows by more than 64 MB.
 *
 * `BENCH_CLIENTS=2000`, `BENCH_SECONDS=30` set the size, `HOSTILE_ONLY=slow` takes one group.
 */
const { env } = process;
const hostile = Number(env['BENCH_CLIENTS'] ?? 2000);
const seconds = Number(env['BENCH_SECONDS'] ?? (env['BENCH_QUICK'] === '1' ? 10 : 30));

const HONEST = 100;
const TICKETS = 10;
const POST_EVERY_MS = 50;
const SAMPLE_MS = 250;
const WARM_MS = 5000;
const MEGABYTE = 1_048_576;
const RATIO_MOST = 2;
const GROWTH_MOST_MB = 64;
const SETTINGS = { POLL_INTERVAL_MS: '200', POLL_INTERVAL_MAX_MS: '200' };

interface Span {
  /** From the answer of the upstream to the client, ms. */
  readonly delivery: Latencies;
  /** A read of history by an honest client, ms. */
  readonly read: Latencies;
  /** Largest resident memory, bytes. */
  readonly memory: number;
  readonly messages: number;
}

class Honest {
  private readonly clients: (SseClient | SocketClient)[] = [];
  private readonly counted = new Map<object, number>();
  private number = 0;

  constructor(
    private readonly deployment: PollcastDeployment,
    private readonly token: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.deployment.endpoint.port}`;
  }

  async open(): Promise<void> {
    for (let number = 0; number < HONEST; number += 1) {
      const options = { token: this.token, caseIds: [ticketName(number % TICKETS)], history: 0 };
      const client = number % 2 === 0 ? new SseClient(options) : new SocketClient(options);
      await client.open(this.url);
      this.clients.push(client);
    }
  }

  /** Posts and reads for a while. @returns what was measured */
  async measure(forMs: number): Promise<Span> {
    const delivery = new Histogram();
    const read = new Histogram();
    const offset = Date.now() - Number(process.hrtime.bigint()) / 1e6;
    const until = Date.now() + forMs;
    let memory = 0;
    const sampling = setInterval(() => (memory = Math.max(memory, this.deployment.server.memory)), SAMPLE_MS);
    const reading = this.readHistory(until, read);
    while (Date.now() < until) {
      this.number += 1;
      const ticket = this.number % TICKETS;
      await this.deployment.publish([{ ticket, number: this.number }]);
      await sleep(POST_EVERY_MS);
    }
    await reading;
    await sleep(2000); // The last messages arrive.
    clearInterval(sampling);
    const shown = new Map((await this.deployment.shown()).map(({ content, shown_at }) => [content, shown_at]));
    let messages = 0;
    for (const client of this.clients) {
      const { recording, ended } = client;
      if (ended !== null) throw new Error(`an honest client was ended: ${ended}`);
      const frames = recording.messages.slice(this.counted.get(client) ?? 0);
      this.counted.set(client, recording.messages.length);
      messages += frames.length;
      for (const { data, at } of frames) {
        const shownAt = shown.get(String(data.message['content'])) ?? null;
        if (shownAt !== null) delivery.add(at - (shownAt + offset));
      }
    }
    return { delivery: delivery.summary(), read: read.summary(), memory, messages };
  }

  close(): void {
    this.clients.forEach((client) => client.close());
  }

  private async readHistory(until: number, times: Histogram): Promise<void> {
    const headers = { authorization: `Bearer ${this.token}` };
    while (Date.now() < until) {
      const began = performance.now();
      const answer = await fetch(`${this.url}/v1/cases/${ticketName(0)}/messages?limit=10`, { headers });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`an honest client was answered ${answer.status}`);
      times.add(performance.now() - began);
      await sleep(POST_EVERY_MS);
    }
  }
}

async function main(): Promise<void> {
  if (clientsAllowed(hostile) < hostile) throw new Error('too few files may be open for this benchmark');
  const file = new ResultsFile('hostile');
  const deployment = await PollcastDeployment.start('pollcast', 'sse', {
    ...SETTINGS,
    MAX_CONNECTIONS_PER_SUBJECT: '200',
  });
  const honest = new Honest(deployment, await tokenFor({ sub: 'honest' }));
  let attackers: BenchProcess | null = null;
  try {
    await honest.open();
    await honest.measure(WARM_MS);
    const quiet = await honest.measure(seconds * 1000);
    attackers = BenchProcess.node('bench/hostile/main.js', {
      HOSTILE_PORT: String(deployment.endpoint.port),
      HOSTILE_CLIENTS: String(hostile),
      HOSTILE_ONLY: env['HOSTILE_ONLY'] ?? '',
    });
    await once(attackers.child, 'message');
    const attacked = await honest.measure(seconds * 1000);
    attackers.child.send('report');
    const [report] = (await once(attackers.child, 'message')) as [
      { counts: Record<string, { open: number; opened: number }> },
    ];
    file.write({ hostile, seconds, quiet, attacked, counts: report.counts });
    print(quiet, attacked, report.counts);
    console.log(`written to ${file.path}`);
  } finally {
    honest.close();
    await attackers?.kill();
    await deployment.stop();
  }
}

function print(quiet: Span, attacked: Span, counts: Record<string, { open: number; opened: number }>): void {
  const mb = (bytes: number) => (bytes / MEGABYTE).toFixed(0);
  const times = ({ p50, p99, max }: Latencies) => `${p50} / ${p99} / ${max}`;
  const rows = [quiet, attacked].map((span, at) => [
    at === 0 ? 'quiet' : `${hostile} hostile connections`,
    times(span.delivery),
    times(span.read),
    mb(span.memory),
    String(span.messages),
  ]);
  console.log(table(['', 'delivery p50/p99/max ms', 'read p50/p99/max ms', 'resident MB', 'messages'], rows));
  for (const [name, { open, opened }] of Object.entries(counts)) console.log(`${name}: ${open} open, ${opened} opened`);
  const ratio = attacked.delivery.p99 / quiet.delivery.p99;
  const reads = attacked.read.p99 / quiet.read.p99;
  const growth = (attacked.memory - quiet.memory) / MEGABYTE;
  const isWell = ratio <= RATIO_MOST && growth <= GROWTH_MOST_MB;
  console.log(
    `p99 of deliveries ${ratio.toFixed(2)} times its quiet value (at most ${RATIO_MOST}), of reads ${reads.toFixed(2)} times; ` +
      `memory ${growth.toFixed(0)} MB more (at most ${GROWTH_MOST_MB}): ${isWell ? 'held' : 'NOT HELD'}`,
  );
  process.exitCode = isWell ? 0 : 1;
}

void main();
