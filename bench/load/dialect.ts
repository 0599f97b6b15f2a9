export type DialectName = 'sse' | 'ws' | 'socket.io';

/** The identity of a client, and what it subscribes to. */
export interface ClientParameters {
  readonly port: number;
  /** Path of the request; `{ticket}` is replaced by the ticket's name, and `{token}` by the token. */
  readonly path: string;
  /** The client's own token. It connects again with the same one. */
  readonly token: string;
  readonly ticket: string;
  /** Whether the client waits for `ready`, or for the acknowledgement of a `subscribe`. */
  readonly subscribes: boolean;
  readonly lastEventId: string | null;
}

/** What a client sends until its stream is open. */
export interface Dialect {
  firstMessage(client: ClientParameters): string;
  /**
   * @param received everything that arrived so far
   * @param sent number of messages that the client has sent after the first one
   * @returns what to send now, or that the stream is open
   */
  next(received: string, client: ClientParameters, sent: number): { readonly send?: Buffer; readonly open?: boolean };
  /** The bytes before an event's id, and the byte after it. */
  readonly id: readonly [before: Buffer, after: number];
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const upgrade = (path: string, port: number) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
const pathOf = ({ path, ticket, token }: ClientParameters) =>
  path.replace('{ticket}', ticket).replace('{token}', token);

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  sse: {
    firstMessage: (client) =>
      `GET ${pathOf(client)} HTTP/1.1\r\nHost: 127.0.0.1:${client.port}\r\nAccept: text/event-stream\r\n` +
      `Authorization: Bearer ${client.token}\r\n` +
      `${client.lastEventId === null ? '' : `Last-Event-ID: ${client.lastEventId}\r\n`}\r\n`,
    next: (received, client) => {
      if (received.length > 12 && !received.startsWith('HTTP/1.1 200')) {
        throw new Error(`refused: ${received.slice(0, 300)}`);
      }
      return { open: client.subscribes ? received.includes('event: ready') : received.includes('\r\n\r\n') };
    },
    id: [Buffer.from('id: '), 10],
  },
  ws: {
    firstMessage: (client) => upgrade(pathOf(client), client.port),
    next: (received) => ({ open: received.includes('\r\n\r\n') }),
    id: [Buffer.from('"id":"'), 34],
  },
  'socket.io': {
    firstMessage: (client) => upgrade(pathOf(client), client.port),
    next: (received, client, sent) => {
      if (received.includes('44{')) throw new Error(`refused: ${received.slice(received.indexOf('44{'), 300)}`);
      if (sent === 0 && received.includes('"pingInterval"')) {
        const { token, ticket } = client;
        return { send: text(`40${JSON.stringify({ token, ticket })}`) };
      }
      if (sent === 1 && received.includes('40{"sid"')) {
        const { ticket, lastEventId } = client;
        const parameters = {
          case_ids: [ticket],
          history: 0,
          ...(lastEventId !== null && { last_event_id: lastEventId }),
        };
        return client.subscribes ? { send: text(`420["subscribe",${JSON.stringify(parameters)}]`) } : { open: true };
      }
      return { open: client.subscribes && sent === 2 && received.includes('430[{"ok":true') };
    },
    id: [Buffer.from('"id":"'), 34],
  },
};

/** engine.io's ping as a whole frame, and the answer to it. */
export const PING = Buffer.from([0x81, 0x01, 0x32]);
export const PONG = text('3');

/** A masked text frame. The mask is zero, so the text is not changed. */
function text(payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), bytes]);
}
