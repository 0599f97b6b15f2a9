import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { until } from '../until.js';
import { ServerFrames, textFrame } from './websocket-frames.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A WebSocket of Socket.IO whose bytes are written by hand, and read by a strict reader. */
export class RawWebSocket {
  readonly frames = new ServerFrames();
  isEnded = false;

  private constructor(readonly tcp: Socket) {
    tcp.setNoDelay(true).on('error', () => undefined);
    tcp.on('close', () => (this.isEnded = true));
  }

  /** Connects over IPv4 and shakes hands. @throws Error if the gateway does not switch protocols */
  static async open(port: number): Promise<RawWebSocket> {
    const tcp = connect(port, '127.0.0.1');
    const socket = new RawWebSocket(tcp);
    const key = randomBytes(16).toString('base64');
    tcp.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    let head = Buffer.alloc(0);
    const readHead = (piece: Buffer) => {
      head = Buffer.concat([head, piece]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      tcp.off('data', readHead).on('data', (more: Buffer) => socket.frames.push(more));
      socket.frames.push(head.subarray(end + 4));
      head = head.subarray(0, end);
    };
    tcp.on('data', readHead);
    await until(() => socket.frames.texts.length > 0 || socket.isEnded);
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    const text = head.toString('latin1');
    if (!text.startsWith('HTTP/1.1 101 ') || !text.includes(accept)) throw new Error(`no WebSocket: ${text}`);
    return socket;
  }

  /** Connects to the namespace, and subscribes where tickets are named. @throws Error if one of both is refused */
  static async subscribed(port: number, token: string, caseIds: readonly string[]): Promise<RawWebSocket> {
    const socket = await RawWebSocket.open(port);
    socket.send(textFrame(`40${JSON.stringify({ token })}`));
    await socket.untilText(/^40/);
    if (caseIds.length > 0) {
      socket.send(textFrame(`420${JSON.stringify(['subscribe', { case_ids: caseIds, history: 0 }])}`));
      await socket.untilText(/^430\[\{"ok":true/);
    }
    return socket;
  }

  send(...pieces: readonly Buffer[]): void {
    pieces.forEach((piece) => this.tcp.write(piece));
  }

  async untilText(pattern: RegExp): Promise<void> {
    await until(
      () => this.frames.texts.some((text) => pattern.test(text)),
      5000,
      () => `${pattern} among ${this.frames.texts.join(' | ').slice(0, 500)}`,
    );
  }
}
