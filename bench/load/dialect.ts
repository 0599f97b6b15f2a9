export type DialectName = 'sse' | 'ws' | 'socket.io';

/** Who a client is and what it wants. */
export interface Visitor {
  readonly port: number;
  /** Of the request; `{ticket}` stands for the ticket's name. */
  readonly path: string;
  /** Its own; it comes back with the same. */
  readonly token: string;
  readonly ticket: string;
  /** Socket.IO's: wait for the acknowledgement of a `subscribe`. */
  readonly subscribes: boolean;
  readonly lastEventId: string | null;
}

/** What a client says first, and what it answers until its stream is open. */
export interface Dialect {
  hello(visitor: Visitor): string;
  /** Given all that came so far: what to say now, or that it is open. */
  next(heard: string, visitor: Visitor, said: number): { readonly say?: Buffer; readonly open?: boolean };
  /** What stands before an event's id, and the byte after it. */
  readonly id: readonly [before: Buffer, after: number];
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const upgrade = (path: string, port: number) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
const pathOf = ({ path, ticket }: Visitor) => path.replace('{ticket}', ticket);

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  sse: {
    hello: (visitor) =>
      `GET ${pathOf(visitor)} HTTP/1.1\r\nHost: 127.0.0.1:${visitor.port}\r\nAccept: text/event-stream\r\n` +
      `Authorization: Bearer ${visitor.token}\r\n` +
      `${visitor.lastEventId === null ? '' : `Last-Event-ID: ${visitor.lastEventId}\r\n`}\r\n`,
    next: (heard, visitor) => {
      if (heard.length > 12 && !heard.startsWith('HTTP/1.1 200')) throw new Error(`refused: ${heard.slice(0, 300)}`);
      return { open: visitor.subscribes ? heard.includes('event: ready') : heard.includes('\r\n\r\n') };
    },
    id: [Buffer.from('id: '), 10],
  },
  ws: {
    hello: (visitor) => upgrade(pathOf(visitor), visitor.port),
    next: (heard) => ({ open: heard.includes('\r\n\r\n') }),
    id: [Buffer.from('"id":"'), 34],
  },
  'socket.io': {
    hello: (visitor) => upgrade(pathOf(visitor), visitor.port),
    next: (heard, visitor, said) => {
      if (heard.includes('44{')) throw new Error(`refused: ${heard.slice(heard.indexOf('44{'), 300)}`);
      if (said === 0 && heard.includes('"pingInterval"')) {
        const { token, ticket } = visitor;
        return { say: text(`40${JSON.stringify({ token, ticket })}`) };
      }
      if (said === 1 && heard.includes('40{"sid"')) {
        const { ticket, lastEventId } = visitor;
        const parameters = {
          case_ids: [ticket],
          history: 0,
          ...(lastEventId !== null && { last_event_id: lastEventId }),
        };
        return visitor.subscribes ? { say: text(`420["subscribe",${JSON.stringify(parameters)}]`) } : { open: true };
      }
      return { open: visitor.subscribes && said === 2 && heard.includes('430[{"ok":true') };
    },
    id: [Buffer.from('"id":"'), 34],
  },
};

/** engine.io's ping as a whole frame, and the answer. */
export const PING = Buffer.from([0x81, 0x01, 0x32]);
export const PONG = text('3');

/** A masked text frame; the mask is zero, which leaves the text as it is. */
function text(payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), bytes]);
}
