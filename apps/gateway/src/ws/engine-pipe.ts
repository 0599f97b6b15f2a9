import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Socket as ClientSocket } from 'socket.io';
import type { FrameRun, SioFrame } from '#protocol';
import { drained } from '../session/drained.js';

type EngineSocket = ClientSocket['conn'];

interface EnginePacket {
  readonly options?: Partial<SioFrame['options']>;
}

/** The private members of engine.io and ws that are used here. The code checks that they exist. */
interface EngineInsides {
  readyState: string;
  writeBuffer?: readonly EnginePacket[];
  readonly transport: {
    readonly name: string;
    readonly socket?: WebSocketInsides;
    /** The long poll that waits for an answer. */
    readonly req?: IncomingMessage | null;
  };
}
interface WebSocketInsides {
  readonly readyState?: number;
  readonly _socket?: TcpSocket | null;
  terminate?(): void;
  ping?(): void;
}

const WEBSOCKET_OPEN = 1;

/** Most packets in one answer to a long poll. python-engineio reads more as an attack, and ends the session. */
const POLL_MAX_PACKETS = 16;

/**
 * Sends finished frames to one client. Over a WebSocket it writes them to the TCP socket, which is a third cheaper than
 * engine.io's packets. If engine.io itself has packets waiting (an upgrade from long polling, an acknowledgement that
 * is not flushed), or there is no WebSocket, the frames queue behind those packets. So the order always holds.
 */
export class EnginePipe {
  private readonly insides: EngineInsides;
  private webSocket: WebSocketInsides | null = null;
  /** The TCP socket of the WebSocket. */
  tcp: TcpSocket | null = null;
  /** Bytes in engine.io's buffer. */
  private queuedBytes = 0;
  /** The connection begins with long polling. */
  private readonly isPolled: boolean;
  /** Whether engine.io got a packet since its buffer was empty. Only then the buffer is looked at again. */
  private mayWait = true;

  constructor(private readonly engine: EngineSocket) {
    this.insides = engine as unknown as EngineInsides;
    engine.on('packetCreate', () => (this.mayWait = true));
    this.findSocket();
    this.isPolled = this.tcp === null;
    if (this.isPolled) {
      engine.on('flush', (packets: EnginePacket[]) => this.bound(packets));
      engine.once('upgrade', () => this.findSocket());
    }
  }

  get unsentBytes(): number {
    return this.queuedBytes + (this.tcp?.writableLength ?? 0);
  }

  /** @returns true if the unsent bytes are below the socket's own high-water mark */
  write(run: FrameRun<SioFrame>): boolean {
    if (this.tcp !== null && this.isClear()) {
      return this.tcp.write(run.bytes);
    }
    run.frames().forEach((frame) => this.queue(frame));
    return false;
  }

  /** Everything that is written until {@link uncork} is sent in one piece: a replay may have thousands of frames. */
  cork(): void {
    this.tcp?.cork();
  }

  uncork(): void {
    this.tcp?.uncork();
  }

  /** Resolves when everything that was written is sent, or after `ms`. */
  drained(ms: number): Promise<void> {
    return drained(this.queuedBytes === 0 && this.tcp !== null ? this.tcp : this.engine, ms);
  }

  /** Sends a Ping frame, which every WebSocket client answers by itself. */
  probe(): void {
    if (this.webSocket?.readyState === WEBSOCKET_OPEN) {
      this.webSocket.ping?.();
    }
  }

  /**
   * Ends the connection when everything that was written is sent. It looks like a network failure: it sends neither a
   * Close frame of WebSocket nor a close packet of engine.io, because some clients do not connect again after those.
   */
  close(): void {
    if (this.engine.readyState !== 'open') {
      return;
    }
    // engine.io's own close does the same: it takes no more packets, and sends those that wait.
    this.insides.readyState = 'closing';
    this.endOnceSent();
  }

  /** Ends the connection at once, as {@link close} does; what is unsent is lost. */
  destroy(): void {
    if (this.webSocket?.terminate) {
      this.webSocket.terminate();
    } else {
      // Otherwise engine.io would answer a waiting long poll with a close packet.
      this.insides.transport.req?.socket.destroy();
      this.engine.close(true);
    }
  }

  private endOnceSent(): void {
    if (this.insides.writeBuffer?.length) {
      this.engine.once('drain', () => this.endOnceSent());
    } else {
      this.end();
    }
  }

  /** engine.io's own close sends a close packet, unless there is no long poll to answer. */
  private end(): void {
    if (this.tcp !== null) {
      this.tcp.end();
    } else if (this.insides.transport.req) {
      this.destroy();
    } else {
      this.engine.close(true);
    }
  }

  /** Whether everything that was written before has reached the TCP socket, and more frames may follow. */
  private isClear(): boolean {
    this.mayWait = this.mayWait && this.insides.writeBuffer?.length !== 0;
    // engine.io closes its WebSocket as soon as it is asked to close and no packet waits.
    return !this.mayWait && this.webSocket?.readyState === WEBSOCKET_OPEN;
  }

  /** @param packets what engine.io is about to send, all that waits. Beyond the bound, they wait for the next poll. */
  private bound(packets: EnginePacket[]): void {
    const rest = this.tcp === null ? packets.splice(POLL_MAX_PACKETS) : [];
    if (rest.length === 0) {
      this.queuedBytes = 0;
      return;
    }
    const sent = packets.reduce((sum, { options }) => sum + (options?.wsPreEncodedFrame?.[0].length ?? 0), 0);
    this.queuedBytes = Math.max(0, this.queuedBytes - sent);
    // engine.io empties its buffer after this. Before anybody else hears that it is empty, it is not.
    this.engine.prependOnceListener('drain', () => {
      this.insides.writeBuffer = [...rest, ...(this.insides.writeBuffer ?? [])];
    });
  }

  private queue(frame: SioFrame): void {
    if (this.engine.readyState === 'open') {
      if (this.queuedBytes === 0 && !this.isPolled) {
        this.engine.once('flush', () => (this.queuedBytes = 0));
      }
      // The bytes are counted before write(), because write() may flush them.
      this.queuedBytes += frame.frame.length;
      this.engine.write(frame.text, frame.options);
    }
  }

  private findSocket(): void {
    const { name, socket } = this.insides.transport;
    if (name === 'websocket' && socket?._socket) {
      this.webSocket = socket;
      this.tcp = socket._socket;
    }
  }
}
