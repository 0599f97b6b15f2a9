import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Socket as ClientSocket } from 'socket.io';
import type { FrameRun, SioFrame } from '#protocol';

type EngineSocket = ClientSocket['conn'];

/** What is used of engine.io's and ws's insides. All of it is looked for before it is used. */
interface EngineInsides {
  readyState: string;
  readonly writeBuffer?: readonly { readonly data?: unknown }[];
  readonly transport: {
    readonly name: string;
    readonly socket?: WebSocketInsides;
    /** The poll that waits for an answer. */
    readonly req?: IncomingMessage | null;
  };
}
interface WebSocketInsides {
  readonly readyState?: number;
  readonly _socket?: TcpSocket | null;
  terminate?(): void;
}

const WEBSOCKET_OPEN = 1;

/**
 * The way of finished frames to one client. Over a WebSocket they go straight to the TCP socket, a third cheaper than
 * through engine.io's packets. Where engine.io itself has packets waiting (an upgrade from long polling under way, an
 * acknowledgement not yet flushed), or there is no WebSocket, they queue behind those: the order always holds.
 */
export class EnginePipe {
  private readonly insides: EngineInsides;
  private webSocket: WebSocketInsides | null = null;
  private tcp: TcpSocket | null = null;
  /** Bytes in engine.io's buffer. */
  private queuedBytes = 0;
  /** engine.io was given a packet since its buffer was seen empty: only then is it looked at again. */
  private mayWait = true;

  constructor(private readonly engine: EngineSocket) {
    this.insides = engine as unknown as EngineInsides;
    engine.on('packetCreate', () => (this.mayWait = true));
    this.findSocket();
    if (this.tcp === null) {
      engine.once('upgrade', () => this.findSocket());
    }
  }

  get unsentBytes(): number {
    return this.queuedBytes + (this.tcp?.writableLength ?? 0);
  }

  /** @returns true where less is unsent than the socket's own high-water mark */
  write(run: FrameRun<SioFrame>): boolean {
    if (this.tcp !== null && this.isClear()) {
      return this.tcp.write(run.bytes);
    }
    run.frames().forEach((frame) => this.queue(frame));
    return false;
  }

  /** What is written from now on goes out in one piece at {@link uncork}: a replay may be thousands of frames. */
  cork(): void {
    this.tcp?.cork();
  }

  uncork(): void {
    this.tcp?.uncork();
  }

  /**
   * Ends the connection once everything that was written is sent, as a network that fails ends it: without WebSocket's
   * Close frame and without engine.io's close packet. After those, some clients do not come back.
   */
  close(): void {
    if (this.engine.readyState !== 'open') {
      return;
    }
    // What engine.io does itself when it closes: it takes no more packets, and sends those that wait.
    this.insides.readyState = 'closing';
    if (this.insides.writeBuffer?.length) {
      this.engine.once('drain', () => this.end());
    } else {
      this.end();
    }
  }

  /** Ends the connection at once, as {@link close} does; what is unsent is lost. */
  destroy(): void {
    if (this.webSocket?.terminate) {
      this.webSocket.terminate();
    } else {
      // A poll that waits would be answered with a close packet.
      this.insides.transport.req?.socket.destroy();
      this.engine.close(true);
    }
  }

  /** engine.io's own way would say goodbye in its protocol, unless there is no poll to answer. */
  private end(): void {
    if (this.tcp !== null) {
      this.tcp.end();
    } else if (this.insides.transport.req) {
      this.destroy();
    } else {
      this.engine.close(true);
    }
  }

  /** Whether everything written before has reached the TCP socket, and frames may still follow. */
  private isClear(): boolean {
    this.mayWait = this.mayWait && this.insides.writeBuffer?.length !== 0;
    // engine.io closes its WebSocket as soon as it is asked to close and nothing waits.
    return !this.mayWait && this.webSocket?.readyState === WEBSOCKET_OPEN;
  }

  private queue(frame: SioFrame): void {
    if (this.engine.readyState === 'open') {
      if (this.queuedBytes === 0) {
        this.engine.once('flush', () => (this.queuedBytes = 0));
      }
      // Counted first: the packet may be flushed before write() returns.
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
