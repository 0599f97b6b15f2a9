import { connect, type Socket } from 'node:net';
import { type Account, Ledger } from './account.js';
import { DIALECTS, PING, PONG, type DialectName, type Visitor } from './dialect.js';

/** One buffer for the reads of all sockets: nothing is allocated per delivery. */
const READ = Buffer.allocUnsafe(1 << 18);
const RECOVERED = '"recovered":true';

/** One connection of the load client. */
export class Client {
  readonly ledger: Ledger;
  /** The last event's id, where it is kept. */
  lastEventId: string | null = null;
  isOpen = false;
  /** Whether the server said, as it opened, that nothing is missing since that event. */
  recovered = false;
  private socket: Socket | null = null;

  constructor(
    private readonly dialect: DialectName,
    private readonly visitor: Visitor,
    index: number,
    ticket: number,
    private readonly account: Account,
    private readonly keepsIds: boolean,
  ) {
    this.ledger = new Ledger(index, ticket);
  }

  /** Resolves once its stream is open. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const dialect = DIALECTS[this.dialect];
      const visitor = { ...this.visitor, lastEventId: this.lastEventId };
      let heard = '';
      let said = 0;
      const hear = (bytes: Buffer) => {
        heard += bytes.toString('latin1');
        const { say, open } = dialect.next(heard, visitor, said);
        if (say) {
          said += 1;
          this.socket?.write(say);
        }
        if (open) {
          this.isOpen = true;
          this.recovered = heard.includes(RECOVERED);
          heard = '';
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
          this.receive(bytes); // A replay comes before the stream counts as open.
          hear(bytes);
        } catch (error) {
          reject(new Error(String(error)));
        }
        return true;
      };
      this.socket = connect({
        host: '127.0.0.1',
        port: visitor.port,
        noDelay: true,
        onread: { buffer: READ, callback },
      });
      this.socket.once('connect', () => this.socket?.write(dialect.hello(visitor)));
      this.socket.on('error', reject);
      this.socket.once('close', () => {
        this.isOpen = false;
        reject(new Error(`closed after ${JSON.stringify(heard.slice(0, 200))}`));
      });
    });
  }

  /** Ends the connection as a lost network does. */
  cut(): void {
    this.isOpen = false;
    this.ledger.rest = null;
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
    this.account.take(this.ledger, bytes);
  }
}
