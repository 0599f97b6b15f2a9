import { connect, type Socket } from 'node:net';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

/** What these clients offer with ordinary requests: Java's HttpClient and `curl --http2`; Apache's HttpClient 5.4. */
const OFFERS = [
  [
    'h2c',
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n',
  ],
  ['TLS/1.2', 'Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n'],
  ['websocket', 'Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n'],
] as const;

describe.each(OFFERS)('a request that offers %s', (_offer, offer) => {
  let gateway: RunningGateway;
  let authorization: string;
  beforeAll(async () => {
    gateway = await RunningGateway.start();
    authorization = `Authorization: Bearer ${await token({ hints: true })}\r\n`;
  });
  afterAll(() => gateway.stop());

  const request = (line: string, more = '') => `${line} HTTP/1.1\r\nHost: push.example\r\n${more}`;

  /** Sends these pieces on one connection. @returns the status lines of the answers, once there are `count` of them */
  async function statuses(count: number, ...pieces: readonly string[]): Promise<string[]> {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    const lines = () => text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await until(() => lines().length >= count);
    socket.destroy();
    return lines().map((line) => line.slice(-3));
  }

  const paths: [string, string][] = [
    ['/health/live', '200'],
    ['/health/ready', '200'],
    ['/v1/cases/A1/messages', '200'],
    ['/v1/events?case_ids=A1', '200'],
    ['/v1/nothing', '404'],
    ['/socket.io/?EIO=4&transport=polling', '200'],
  ];
  // The last path is the one where Socket.IO accepts a WebSocket.
  it.each(offer.includes('websocket') ? paths.slice(0, -1) : paths)(
    'is answered as usual at %s',
    async (path, status) => {
      expect(await statuses(1, `${request(`GET ${path}`, offer)}${authorization}\r\n`)).toEqual([status]);
    },
  );

  it('keeps its body, however it arrives', async () => {
    const body = '{"case_ids":["A1"]}';
    const post = (length: string) =>
      `${request('POST /v1/hints', offer)}${authorization}Content-Type: application/json\r\n${length}\r\n\r\n`;
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const withLength = post(`Content-Length: ${body.length}`);
    expect(await statuses(1, withLength + body)).toEqual(['204']);
    expect(await statuses(1, withLength, body.slice(0, 5), body.slice(5))).toEqual(['204']);
    expect(await statuses(1, post('Transfer-Encoding: chunked') + chunks)).toEqual(['204']);
    expect(await statuses(1, post('Transfer-Encoding: chunked'), chunks)).toEqual(['204']);
  });

  it('leaves the connection usable for further requests, pipelined ones included', async () => {
    const offering = `${request('GET /v1/nothing', offer)}\r\n`;
    const plain = `${request('GET /health/live')}\r\n`;
    const history = `${request('GET /v1/cases/A1/messages')}${authorization}\r\n`;
    expect(await statuses(2, offering, offering)).toEqual(['404', '404']);
    expect(await statuses(3, offering + offering + plain)).toEqual(['404', '404', '200']);
    expect(await statuses(4, history + history + offering + plain)).toEqual(['200', '200', '404', '200']);
  });

  it('ends no program when its client goes while earlier answers wait', async () => {
    const { broker } = gateway.store;
    const page = broker.page.bind(broker);
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    const reads = jest.spyOn(broker, 'page').mockImplementation((feed, want) => held.then(() => page(feed, want)));
    const history = `${request('GET /v1/cases/A1/messages')}${authorization}\r\n`;
    const accepted = new Promise<Socket>((resolve) => gateway.server.once('connection', resolve));
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(`${history}${request('GET /metrics')}\r\n${request('GET /health/live', offer)}\r\n`);
    await until(() => reads.mock.calls.length === 1);
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The first answer is sent, and refused by a client that is gone. The second one fails in the same moment.
    answer();
    await new Promise((resolve) => setTimeout(resolve, 50));
    reads.mockRestore();
    // An error without a listener ends the program.
    const served = await accepted;
    expect([served.errored, served.listenerCount('error')]).toEqual([expect.anything(), 1]);
    expect(await statuses(1, `${request('GET /health/live')}\r\n`)).toEqual(['200']);
  });

  it('is refused if it has more header fields than Node keeps: some of them would be missing', async () => {
    const many = Array.from({ length: 1100 }, (_, at) => `X-${at}: 1\r\n`).join('');
    expect(await statuses(1, `${request('GET /health/live', offer)}${many}\r\n`)).toEqual(['431']);
  });
});
