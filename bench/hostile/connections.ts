import { connect, type Socket } from 'node:net';
import { clientFrame, OPCODE, textFrame } from '../../test/harness/clients/websocket-frames.js';

const UPGRADE =
  'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
const POLLING = '/socket.io/?EIO=4&transport=polling';
const TICKETS = '{"case_ids":["hostile-1"]}';
/** Pause before a connection that ended is opened again, ms. */
const AGAIN_MS = 500;
/** Pause between two bytes of a slow connection, ms. */
const SLOW_MS = 250;
/** Requests that a flooding connection sends ahead of their answers. */
const AHEAD = 8;

type Behave = (socket: Socket, token: string) => void;

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const bearer = (token: string) => `Authorization: Bearer ${token}\r\n`;
const post = (path: string, body: string, more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Sends this once. */
const says =
  (text: string): Behave =>
  (socket) =>
    void socket.write(text);

/** Sends one byte after the other, without an end. */
const drips =
  (begin: string, byte: Buffer): Behave =>
  (socket) => {
    socket.write(begin);
    const timer = setInterval(() => socket.write(byte), SLOW_MS);
    socket.once('close', () => clearInterval(timer));
  };

/** Sends frames after the handshake of a WebSocket. */
const afterUpgrade =
  (...frames: readonly Buffer[]): Behave =>
  (socket) => {
    socket.write(UPGRADE);
    socket.once('data', () => socket.write(Buffer.concat(frames)));
  };

/** Sends a request over HTTP again for each answer. */
const floodsHttp =
  (request: (token: string) => string): Behave =>
  (socket, token) => {
    const text = request(token);
    socket.write(text.repeat(AHEAD));
    socket.on('data', (piece: Buffer) => {
      const answers = piece.toString('latin1').split('HTTP/1.1 ').length - 1;
      if (answers > 0) socket.write(text.repeat(answers));
    });
  };

/** Connects to Socket.IO and sends a request again for each acknowledgement. */
const floodsSocket =
  (request: (token: string) => string): Behave =>
  (socket, token) => {
    const frame = textFrame(request(token));
    let isConnected = false;
    socket.write(UPGRADE);
    socket.once('data', () => socket.write(textFrame(`40${JSON.stringify({ token })}`)));
    socket.on('data', (piece: Buffer) => {
      const text = piece.toString('latin1');
      if (!isConnected && text.includes('40{"sid"')) {
        isConnected = true;
        socket.write(Buffer.concat(Array.from({ length: AHEAD }, () => frame)));
      }
      for (let left = text.split('431[').length - 1; left > 0; left -= 1) socket.write(frame);
    });
  };

const FORGED = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4IiwiZXhwIjo5OTk5OTk5OTk5LCJjYXNlcyI6WyIqIl19.AAAA';

/** What hostile clients do: five groups of the same size, each with its kinds in turn. */
export const GROUPS: Readonly<Record<string, readonly Behave[]>> = {
  idle: [says(''), afterUpgrade(), says(get(POLLING)), says('')],
  slow: [
    drips('GET /v1/events?case_ids=', Buffer.from('x')),
    drips(`${post('/v1/hints', '').replace('Length: 0', 'Length: 100000')}{"case_ids":[`, Buffer.from('1')),
    drips('GET /health/live HTTP/1.1\r\nHost: a\r\nX: ', Buffer.from('y')),
    afterUpgrade(clientFrame({ opcode: OPCODE.text, payload: '40', isLast: false })),
  ],
  broken: [
    says('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
    says('GET / HTTP/9.9\r\n\r\n'),
    afterUpgrade(Buffer.alloc(200, 0xff)),
    afterUpgrade(textFrame('9nonsense')),
    afterUpgrade(clientFrame({ opcode: OPCODE.binary, payload: Buffer.alloc(15_000) })),
    says(get('/v1/cases/%E0%A4%A/messages')),
  ],
  unauthenticated: [
    says(get('/v1/events?case_ids=hostile-1')),
    says(get('/v1/events?case_ids=hostile-1', bearer(FORGED))),
    afterUpgrade(textFrame(`40{"token":"${FORGED}"}`)),
    says(`GET /v1/events?case_ids=${'x'.repeat(240_000)}`),
    says(`${post('/v1/hints', '').replace('Length: 0', 'Length: 130000')}${'x'.repeat(120_000)}`),
    afterUpgrade(textFrame('x'.repeat(500_000)).subarray(0, 490_000)),
    afterUpgrade(
      Buffer.concat(Array.from({ length: 2500 }, () => clientFrame({ opcode: 0, payload: 'x', isLast: false }))),
    ),
  ],
  flooding: [
    floodsSocket(() => `421["subscribe",${TICKETS}]`),
    floodsSocket(() => `421["unsubscribe",${TICKETS}]`),
    floodsSocket((token) => `421["authenticate",{"token":"${token}"}]`),
    floodsSocket(() => '421["nonsense",{}]'),
    floodsHttp((token) => get('/v1/cases/hostile-1/messages', bearer(token))),
    floodsHttp((token) => post('/v1/hints', TICKETS, bearer(token))),
    floodsHttp(() => get('/health/live')),
  ],
};

/** One hostile client. When its connection ends, it comes back. */
export class HostileConnection {
  /** Connections that it has opened. */
  opened = 0;
  private socket: Socket | null = null;
  private isOver = false;

  constructor(
    private readonly port: number,
    private readonly behave: Behave,
    private readonly token: string,
  ) {}

  get isOpen(): boolean {
    return this.socket?.readyState === 'open';
  }

  open(): void {
    if (this.isOver) return;
    this.opened += 1;
    const socket = connect(this.port, '127.0.0.1');
    this.socket = socket.on('error', () => undefined).resume();
    socket.once('close', () => setTimeout(() => this.open(), AGAIN_MS));
    socket.once('connect', () => this.behave(socket, this.token));
  }

  end(): void {
    this.isOver = true;
    this.socket?.destroy();
  }
}
