import { connect, type Socket } from 'node:net';
import { type DeliveryStatistics, ClientSequence } from './delivery-statistics.js';
import { DIALECTS, PING, PONG, type DialectName, type ClientParameters } from './dialect.js';

/** One buffer for the reads of all sockets, so that nothing is allocated per delivery. */
const READ = Buffer.allocUnsafe(1 << 18);
const RECOVERED = '"recovered":true';

/** One connection of the load client. */
export class Client {
  readonly sequence: ClientSequence;
  /** Id of the last event; null if ids are not kept. */
  lastEventId: string | null = null;
  isOpen = false;
  /** Whether the server said at the opening that nothing is missing since that event. */
  recovered = false;
  private socket: Socket | null = null;

  constructor(
    private readonly dialect: DialectName,
    private readonly parameters: ClientParameters,
    index: number,
    ticket: number,
    private readonly statistics: DeliveryStatistics,
    private readonly keepsIds: boolean,
  ) {
    this.sequence = new ClientSequence(index, ticket);
  }

  /** Resolves when the stream is open. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const dialect = DIALECTS[this.dialect];
      const parameters = { ...this.parameters, lastEventId: this.lastEventId };
      let received = '';
      let sent = 0;
      const receiveOpening = (bytes: Buffer) => {
        received += bytes.toString('latin1');
        const { send, open } = dialect.next(received, parameters, sent);
        if (send) {
          sent += 1;
          this.socket?.write(send);
        }
        if (open) {
          this.isOpen = true;
          this.recovered = received.includes(RECOVERED);
          received = '';
          resolve();
        }
      };
      const callback = (length: number) => {
        const bytes = READ.subarray(0, length);
        if (this.isOpen) {
          this.receive(bytes);
          return true;
        }
        try {
          this.receive(bytes); // A replay arrives before the stream counts as open.
          receiveOpening(bytes);
        } catch (error) {
          reject(new Error(String(error)));
        }
        return true;
      };
      this.socket = connect({
        host: '127.0.0.1',
        port: parameters.port,
        noDelay: true,
        onread: { buffer: READ, callback },
      });
      this.socket.once('connect', () => this.socket?.write(dialect.firstMessage(parameters)));
      this.socket.on('error', reject);
      this.socket.once('close', () => {
        this.isOpen = false;
        reject(new Error(`closed after ${JSON.stringify(received.slice(0, 200))}`));
      });
    });
  }

  /** Ends the connection as a failing network does. */
  cut(): void {
    this.isOpen = false;
    this.sequence.rest = null;
    this.socket?.resetAndDestroy();
    this.socket = null;
  }

  private receive(bytes: Buffer): void {
    if (this.dialect === 'socket.io' && bytes.includes(PING)) {
      this.socket?.write(PONG);
    }
    if (this.keepsIds) {
      const [before, after] = DIALECTS[this.dialect].id;
      const from = bytes.lastIndexOf(before) + before.length;
      const end = from < before.length ? -1 : bytes.indexOf(after, from);
      if (end >= 0) this.lastEventId = bytes.toString('latin1', from, end);
    }
    this.statistics.take(this.sequence, bytes);
  }
}
