import { connect, type Socket } from 'node:net';

/** A connection whose bytes are written by hand. */
export class RawConnection {
  text = '';
  isClosed = false;
  closedAfterMs = 0;
  private readonly openedAt = performance.now();

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (part: string) => (this.text += part));
    socket
      .on('error', () => undefined)
      .on('close', () => {
        this.isClosed = true;
        this.closedAfterMs = performance.now() - this.openedAt;
      });
  }

  static async to(url: string, ...pieces: (string | Buffer)[]): Promise<RawConnection> {
    const raw = new RawConnection(connect(Number(new URL(url).port), '127.0.0.1'));
    await new Promise((resolve) => raw.socket.once('connect', resolve));
    pieces.forEach((piece) => raw.socket.write(piece));
    return raw;
  }
}
