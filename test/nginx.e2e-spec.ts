import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { expectEverything } from './fixtures/expect-everything.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { clientOf } from './harness/clients/clients.js';
import { exchange } from './harness/clients/exchange.js';
import { SocketClient, type ConnectError } from './harness/clients/socket-client.js';
import type { SseClient } from './harness/clients/sse-client.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { Nginx, nginxMissing } from './harness/processes/nginx.js';
import { until } from './harness/until.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';

const CLIENTS = 200;
const TICKETS = 20;
/** Longest time that a client may be away in a rolling restart, ms. */
const AWAY_MOST_MS = 3000;
/** How much later than by itself an event may come through nginx, ms. */
const BUFFERED_MOST_MS = 300;
const STREAMS_IN_ONE_TAB = 20;

/** A client that reconnects when its connection ends: after `retry_ms` where it was told so. */
class Returning {
  /** How long it was away each time, ms. */
  readonly away: number[] = [];
  private leaving = false;
  private readonly done: Promise<void>;

  constructor(
    readonly client: SseClient | SocketClient,
    private readonly url: string,
  ) {
    this.done = this.keepConnected();
  }

  async leave(): Promise<void> {
    this.leaving = true;
    this.client.close();
    await this.done;
  }

  private async keepConnected(): Promise<void> {
    while (!this.leaving) {
      if (this.client.ended === null) {
        await sleep(10);
        continue;
      }
      const since = Date.now();
      const told = this.client.recording.of('closing').at(-1);
      await sleep(told && since - told.at < 1000 ? (told.data.retry_ms ?? 0) : 200);
      for (let open = false; !open && !this.leaving;) {
        open = await this.client.open(this.url).then(
          () => true,
          () => sleep(100, false),
        );
      }
      this.away.push(Date.now() - since);
    }
  }
}

// `npm test` says in its last lines that these are skipped, and why.
// eslint-disable-next-line no-restricted-syntax
(nginxMissing === null ? describe : describe.skip)('gateways behind the nginx configuration of deploy/nginx', () => {
  let nginx: Nginx;
  const deployment = useDeployment({ gateways: 3, settings: { WEBSOCKET_ONLY: 'true' } });
  beforeAll(async () => {
    nginx = await Nginx.start(deployment.gateways.map(({ port }) => port));
  });
  afterAll(async () => {
    const { errors } = nginx;
    await nginx.dispose();
    // A gateway that is away refuses connections. One that goes ends them while a client still sends.
    const expected = /Connection refused|Connection reset by peer/;
    expect(errors.filter((line) => !expected.test(line))).toEqual([]);
  });

  it('an event is not buffered, over HTTP/1.1 and over HTTP/2', async () => {
    const [caseId = ''] = freshTickets(1);
    const token = await tokenFor();
    const direct = clientOf('sse', { token, caseIds: [caseId] });
    const behind = clientOf('sse', { token, caseIds: [caseId] });
    await direct.open(deployment.gateway().url);
    await behind.open(nginx.url);
    const session = connect(nginx.tlsUrl, { rejectUnauthorized: false });
    const [stream] = await openStreams(session, 1, token, caseId);

    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} now` });
    await Promise.all([direct.recording.count(1), behind.recording.count(1)]);
    await until(() => stream?.text.includes('event: message'), 5000, 'the message over HTTP/2');
    const at = (client: SseClient | SocketClient) => client.recording.messages[0]?.at ?? 0;
    expect(at(behind) - at(direct)).toBeLessThan(BUFFERED_MOST_MS);
    expect((stream?.messageAt ?? 0) - at(direct)).toBeLessThan(BUFFERED_MOST_MS);
    [direct, behind].forEach((client) => client.close());
    session.destroy();
  });

  it(`${STREAMS_IN_ONE_TAB} streams share one HTTP/2 connection, and each gets every message`, async () => {
    const [caseId = ''] = freshTickets(1);
    const session = connect(nginx.tlsUrl, { rejectUnauthorized: false });
    const streams = await openStreams(session, STREAMS_IN_ONE_TAB, await tokenFor(), caseId);
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} for all` });
    const got = () => streams.filter(({ text }) => text.split('event: message').length === 2).length;
    await until(
      () => got() === STREAMS_IN_ONE_TAB,
      5000,
      () => `all streams to get it, not ${got()}`,
    );
    session.destroy();
  });

  it('Socket.IO needs no sticky sessions, and long polling is refused in words', async () => {
    const options = { token: await tokenFor(), caseIds: freshTickets(1) };
    const polling = new SocketClient(options, 'polling');
    const { message } = await polling.connect(nginx.url).then(
      () => new Error('connected'),
      (error: ConnectError) => error,
    );
    expect(message).toBe('xhr poll error'); // The official client hides the answer.
    const answer = await exchange(`${nginx.url}/socket.io/?EIO=4&transport=polling`);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("set transports: ['websocket']")]);
  });

  it('paths for operators are not served', async () => {
    const paths = ['/metrics', '/health/ready', '/admin/cases/1', '//metrics'];
    const answers = await Promise.all(paths.map((path) => exchange(`${nginx.url}${path}`)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });

  it(`a rolling restart loses nothing, and no client is away for more than ${AWAY_MOST_MS} ms`, async () => {
    const { upstream } = deployment;
    const tickets = freshTickets(TICKETS);
    const token = await tokenFor();
    const clients = Array.from({ length: CLIENTS }, (_, number) =>
      clientOf(number % 2 === 0 ? 'sse' : 'websocket', { token, caseIds: [tickets[(number >> 1) % TICKETS] ?? ''] }),
    );
    await Promise.all(clients.map((client) => client.open(nginx.url)));
    const returning = clients.map((client) => new Returning(client, nginx.url));
    try {
      const traffic = postTraffic(upstream, { caseIds: tickets, messages: 200, overMs: 8000 });
      for (const gateway of deployment.gateways) {
        expect(await gateway.stop()).toBe(0);
        await gateway.start();
      }
      await traffic;
      await expectEverything(upstream, clients);
    } finally {
      await Promise.all(returning.map((each) => each.leave()));
    }
    const away = returning.flatMap((each) => each.away);
    expect(away.length).toBeGreaterThanOrEqual(CLIENTS);
    expect(Math.max(...away)).toBeLessThan(AWAY_MOST_MS);
  });

  // nginx would log such a connection as an error, and another proxy would answer its client 502.
  it('a gateway that ends answers each request of the connections that it has accepted', async () => {
    const [gateway] = deployment.gateways;
    if (gateway === undefined) throw new Error('no gateway');
    const request = [
      `GET /v1/events?case_ids=${freshTickets(1).join()} HTTP/1.1`,
      'host: gateway',
      `authorization: Bearer ${await tokenFor()}`,
      '\r\n',
    ].join('\r\n');
    let stopped = false;
    const answers = { whole: 0, none: 0 };
    const asking = Array.from({ length: 20 }, async () => {
      while (!stopped) {
        const text = await answerOf(gateway.port, request);
        if (text === null) await sleep(5);
        else if (text.startsWith('HTTP/1.1 200')) answers.whole += 1;
        else answers.none += 1;
      }
    });
    await sleep(200);
    expect(await gateway.stop()).toBe(0);
    stopped = true;
    await Promise.all(asking);
    await gateway.start();
    expect(answers).toEqual({ whole: expect.any(Number), none: 0 });
    expect(answers.whole).toBeGreaterThan(20);
  });
});

/** @returns what came until the connection ended; null if it was refused or reset, as by a gateway that listens no more */
async function answerOf(port: number, request: string): Promise<string | null> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.write(request);
  let text = '';
  socket.setEncoding('utf8').on('data', (data: string) => (text += data));
  const failed = await once(socket, 'close').then(
    () => false,
    () => true,
  );
  return failed ? null : text;
}

interface Http2Stream {
  text: string;
  messageAt: number;
}

/** Opens streams in one HTTP/2 connection, as the tabs and components of one browser do. Resolves when all are `ready`. */
async function openStreams(
  session: ClientHttp2Session,
  count: number,
  token: string,
  caseId: string,
): Promise<Http2Stream[]> {
  const streams = Array.from({ length: count }, () => {
    const stream: Http2Stream = { text: '', messageAt: 0 };
    const request = session.request({ ':path': `/v1/events?case_ids=${caseId}`, authorization: `Bearer ${token}` });
    request.setEncoding('utf8').on('data', (text: string) => {
      stream.text += text;
      if (stream.text.includes('event: message')) stream.messageAt ||= Date.now();
    });
    return stream;
  });
  const isReady = () => streams.every(({ text }) => text.includes('event: ready'));
  await until(isReady, 10_000, 'all streams to be ready');
  return streams;
}
