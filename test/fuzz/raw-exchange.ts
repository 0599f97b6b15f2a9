import { connect } from 'node:net';

export interface RawExchangeOptions {
  /** Pause between two pieces, ms. */
  readonly pauseMs?: number;
  /** Nothing more is waited for when nothing has come for this long, ms. */
  readonly quietMs?: number;
}

/** Sends pieces of bytes, and resolves with what came back when the connection has ended, or is quiet. */
export function rawExchange(
  port: number,
  pieces: readonly (string | Buffer)[],
  { pauseMs = 0, quietMs = 150 }: RawExchangeOptions = {},
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1');
    let quiet = setTimeout(() => socket.destroy(), quietMs + pauseMs * pieces.length);
    const sendNext = (at: number) => {
      if (at >= pieces.length || socket.destroyed) return;
      const piece = pieces[at] ?? '';
      socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
      if (pauseMs > 0) setTimeout(sendNext, pauseMs, at + 1);
      else sendNext(at + 1);
    };
    socket.on('connect', () => sendNext(0));
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.destroy(), quietMs);
    });
    socket.on('error', () => undefined); // The gateway may reset a connection that sends too much.
    socket.on('close', () => {
      clearTimeout(quiet);
      resolve(answer);
    });
  });
}
