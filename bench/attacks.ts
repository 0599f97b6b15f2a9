import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { tokenFor } from '../test/harness/clients/tokens.js';
import { Deployment } from '../test/harness/processes/deployment.js';
import { clientsAllowed } from './support/limits.js';
import { ResultsFile } from './support/results.js';
import { table } from './support/statistics.js';

/**
 * `npm run bench:attacks`: resident memory of a gateway while 2,000 connections of one kind, all without a token, hold as
 * much as they can. Each kind gets a gateway of its own. An honest client reads history all the while.
 * `BENCH_CLIENTS=2000` sets the number, `ATTACKS_ONLY='240 kB'` takes the kinds with these words.
 */
const { env } = process;
const clients = Number(env['BENCH_CLIENTS'] ?? 2000);
const only = env['ATTACKS_ONLY'] ?? '';

const WATCHED_MS = 16_000;
const SAMPLE_MS = 250;
const SETTLE_MS = 2000;
const MEGABYTE = 1_048_576;

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
const HINT = 'POST /v1/hints HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 130000\r\n\r\n';

/** A WebSocket frame with the mask 0. */
function frame(first: number, payload: string): Buffer {
  const { length } = payload;
  const head = length < 126 ? [0x80 | length] : [0xff, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255];
  return Buffer.concat([Buffer.from([first, ...head, 0, 0, 0, 0]), Buffer.from(payload)]);
}

const LAST = 0x80;
const placeholders = Array.from({ length: 10 }, (_, num) => ({ _placeholder: true, num }));
const attachments = Array.from({ length: 9 }, () => frame(LAST | 2, 'x'.repeat(120_000)));

const POLLING = 'GET /socket.io/?EIO=4&transport=polling';
const REST = ' HTTP/1.1\r\nHost: a\r\n\r\n';
/** A long poll, and as many requests with large answers behind it as may wait. */
const behindPoll = (answer: string) => {
  const sid = /"sid":"([^"]+)"/.exec(answer)?.[1] ?? '';
  return Buffer.from(`${POLLING}&sid=${sid}${REST}${`GET /metrics${REST}`.repeat(16)}`);
};

/** What a connection sends: at first, and after the first answer. */
type Sends = readonly [string, (Buffer | ((answer: string) => Buffer))?];

const KINDS: Readonly<Record<string, Sends>> = {
  'silent TCP connections': [''],
  'heads of 240 kB without an end': [`GET /v1/events?case_ids=${'x'.repeat(240_000)}`],
  'heads of 20 kB without an end': [`GET /v1/events?case_ids=${'x'.repeat(20_000)}`],
  'heads of 5,000 short fields': [`GET / HTTP/1.1\r\n${'a:\r\n'.repeat(4900)}`],
  'bodies without an end': [`${HINT}${'x'.repeat(120_000)}`],
  'requests behind a long poll': [`${POLLING}${REST}`, behindPoll],
  'WebSockets without CONNECT': [UPGRADE, Buffer.alloc(0)],
  'frames without an end': [UPGRADE, frame(LAST | 1, 'x'.repeat(500_000)).subarray(0, 490_000)],
  'messages of one-byte fragments': [
    UPGRADE,
    Buffer.concat([frame(1, '4'), ...Array.from({ length: 2500 }, () => frame(0, 'x'))]),
  ],
  'binary packets with ten placeholders': [
    UPGRADE,
    Buffer.concat([frame(LAST | 1, `4510-${JSON.stringify(['x', ...placeholders])}`), ...attachments]),
  ],
};

interface Attack {
  readonly kind: string;
  /** Resident memory, bytes. */
  readonly quiet: number;
  readonly peak: number;
  readonly after: number;
  /** Connections that are open after {@link WATCHED_MS}. */
  readonly open: number;
  /** Longest time that an honest request took, ms. */
  readonly slowest: number;
}

/** Opens one connection. @returns the socket, for what it is told to be counted as open or not */
function open(port: number, [first, second]: Sends): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined).write(first);
  let answer = '';
  socket.on('data', function once(piece: Buffer) {
    answer += piece.toString('latin1');
    if (typeof second === 'function' && !answer.includes('"sid"')) return;
    socket.off('data', once);
    if (second !== undefined) socket.write(typeof second === 'function' ? second(answer) : second);
  });
  socket.resume();
  return socket;
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

async function measure(kind: string, sends: Sends, authorization: string): Promise<Attack> {
  const deployment = new Deployment({ workers: 0 });
  await deployment.start();
  try {
    const { url, port, pid } = deployment.gateway();
    if (pid === null) throw new Error('the gateway has ended');
    await sleep(SETTLE_MS);
    const quiet = residentBytes(pid);
    const sockets = Array.from({ length: clients }, () => open(port, sends));
    let peak = quiet;
    let slowest = 0;
    for (const until = Date.now() + WATCHED_MS; Date.now() < until; await sleep(SAMPLE_MS)) {
      peak = Math.max(peak, residentBytes(pid));
      const asked = performance.now();
      const answer = await fetch(`${url}/v1/cases/T1/messages`, { headers: { authorization } });
      if (answer.status !== 200) throw new Error(`an honest client was answered ${answer.status}`);
      slowest = Math.max(slowest, performance.now() - asked);
    }
    const after = residentBytes(pid);
    const isOpen = sockets.filter(({ closed, readyState }) => !closed && readyState === 'open').length;
    sockets.forEach((socket) => socket.destroy());
    return { kind, quiet, peak, after, open: isOpen, slowest };
  } finally {
    await deployment.dispose();
  }
}

async function main(): Promise<void> {
  if (clientsAllowed(clients) < clients) throw new Error('too few files may be open for this benchmark');
  const authorization = `Bearer ${await tokenFor()}`;
  const file = new ResultsFile('attacks');
  const all: Attack[] = [];
  for (const [kind, sends] of Object.entries(KINDS).filter(([kind]) => kind.includes(only))) {
    const attack = await measure(kind, sends, authorization);
    all.push(attack);
    file.write({ clients, all });
    const mb = (bytes: number) => (bytes / MEGABYTE).toFixed(0);
    console.log(
      table(
        ['attack', 'quiet MB', 'peak MB', 'after MB', 'still open', 'slowest honest ms'],
        all.map((one) =>
          [one.kind, mb(one.quiet), mb(one.peak), mb(one.after), one.open, one.slowest.toFixed(0)].map(String),
        ),
      ),
    );
  }
}

void main();
