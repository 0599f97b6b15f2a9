import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { httpProblem, Refusal, refusalProblem, retryMsOf } from '#protocol';
import {
  type CutReason,
  type Unauthenticated,
  UNAUTHENTICATED_MAX_BYTES,
  UNAUTHENTICATED_MS,
  type UnauthenticatedConnections,
} from '../edge/unauthenticated-connections.js';
import { endAtOnceWith } from './raw-answer.js';

/** Most heads beyond {@link UNAUTHENTICATED_MAX_BYTES} that are read at once. For one more, the oldest is given up. */
const LARGE_HEADS_MAX = 32;
/** Most pieces in which the bytes of a WebSocket before its token may come: each unfinished piece takes 300 bytes. */
const PIECES_MAX = 64;

/** The private members of Node's HTTP server that are used here. */
type HttpSocket = Socket & {
  /** Null where the socket belongs to a WebSocket. */
  readonly parser?: { headersCompleted?(): boolean; readonly incoming?: object | null } | null;
  /** The response that owns the socket. */
  readonly _httpMessage?: ServerResponse | null;
};

/** A TCP connection that has shown no token yet. */
class UnauthenticatedSocket implements Unauthenticated {
  isWebSocket = false;
  /** Pieces that a WebSocket has received. */
  pieces = 0;
  /** Whether a head was complete in the piece that is being read. */
  isHeadComplete = false;

  constructor(
    private readonly socket: HttpSocket,
    public endsAt: number,
    /** How many bytes the socket had received when the present head, or the WebSocket, began. */
    public from: number,
  ) {}

  get bytes(): number {
    return this.socket.bytesRead - this.from;
  }

  cut(reason: CutReason): void {
    if (this.isWebSocket || isAnswering(this.socket) || this.bytes === 0) {
      this.socket.destroy();
    } else if (reason === 'large') {
      const words = `at most ${LARGE_HEADS_MAX} requests with more than ${UNAUTHENTICATED_MAX_BYTES} bytes of request line and headers are read at once`;
      endAtOnceWith(this.socket, httpProblem(431, `${words}: POST /v1/events takes many case_ids in a JSON body`));
    } else if (reason === 'slow') {
      const words = `the request line and headers were not complete within ${UNAUTHENTICATED_MS / 1000} s`;
      endAtOnceWith(this.socket, httpProblem(408, words));
    } else {
      const refusal = new Refusal('unavailable', 'too many connections without a token are open');
      endAtOnceWith(this.socket, refusalProblem(refusal), retryMsOf(refusal));
    }
  }
}

/**
 * Watches the TCP connections of an HTTP server until they show a token. A connection that begins another request after
 * it has shown one is watched again.
 */
export class UnauthenticatedSockets {
  /** Sockets with a large unfinished head, the oldest first. */
  private readonly large = new Set<Socket>();
  // One function for all sockets: a closure for each would take memory of every connection.
  private readonly listen = listener((socket, piece) => this.received(socket, piece));
  private readonly forget = listener((socket) => this.removed(socket));

  constructor(
    private readonly connections: UnauthenticatedConnections,
    /** How long a connection may wait for its first request, and after each one, ms. */
    private readonly idleMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Called once, after the server has its own listeners. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.opened(socket));
  }

  /** The head of a request is complete. */
  requested(socket: Socket): void {
    this.large.delete(socket);
    const waiting = this.get(socket);
    if (waiting !== undefined) {
      waiting.isHeadComplete = true;
      // Probes and scrapes show no token: their connections are kept like others.
      waiting.endsAt = this.now() + this.idleMs;
      this.connections.add(socket, waiting);
    }
  }

  /** The socket is a WebSocket now. @param head what followed the request */
  upgraded(socket: Socket, head: Buffer): void {
    this.large.delete(socket);
    const waiting = new UnauthenticatedSocket(socket, this.now() + UNAUTHENTICATED_MS, socket.bytesRead - head.length);
    waiting.isWebSocket = true;
    this.connections.add(socket, waiting);
  }

  /** The client has shown a valid token. */
  authenticated(socket: Socket): void {
    if (this.get(socket)?.isWebSocket === true) {
      socket.off('data', this.listen);
    }
    this.removed(socket);
  }

  /**
   * Node found a head or a body that is not complete in time. A socket that waits for its first request is left alone.
   */
  tookTooLong(socket: Socket): void {
    if (socket.bytesRead > 0) {
      const waiting = this.get(socket);
      if (waiting?.bytes === 0 && isReadingHead(socket)) {
        // Node 24 does not tell that the piece with the end of the last request began this head, too.
        waiting.from = socket.bytesRead - 1;
      }
      this.connections.cut(socket, 'slow');
      if (socket.writable) {
        socket.destroy(); // Its client has shown a token.
      }
    }
  }

  private opened(socket: HttpSocket): void {
    // The upgrade gate gives a socket back, with a parser that has to come first again.
    socket.off('data', this.listen).off('close', this.forget);
    // With a listener, Node's parser gets its bytes from the socket's events, and not behind them.
    socket.on('data', this.listen).on('close', this.forget);
    if (this.connections.get(socket) === undefined) {
      this.add(socket, socket.bytesRead);
    }
  }

  private received(socket: HttpSocket, piece: Buffer): void {
    let waiting = this.get(socket);
    if (waiting?.isWebSocket === true) {
      waiting.pieces += 1;
      if (waiting.bytes > UNAUTHENTICATED_MAX_BYTES || waiting.pieces > PIECES_MAX) {
        // The WebSocket itself hears of this piece now: it may end a message that takes over an authenticated session.
        process.nextTick(() => this.connections.get(socket) === waiting && this.connections.cut(socket, 'large'));
      }
      return;
    }
    if (!isReadingHead(socket)) {
      if (waiting !== undefined) {
        waiting.from = socket.bytesRead;
      }
      return;
    }
    if (waiting === undefined) {
      if (isAnswering(socket)) {
        return; // The request before this one has shown a token.
      }
      waiting = this.add(socket, socket.bytesRead - piece.length);
    }
    waiting.endsAt = Number.POSITIVE_INFINITY; // Node's own timeout of heads holds from now on.
    if (waiting.isHeadComplete) {
      waiting.isHeadComplete = false;
      waiting.from = socket.bytesRead - piece.length;
    }
    if (waiting.bytes > UNAUTHENTICATED_MAX_BYTES) {
      this.readLarge(socket);
    }
  }

  private readLarge(socket: Socket): void {
    this.large.add(socket);
    if (this.large.size > LARGE_HEADS_MAX) {
      const [oldest = socket] = this.large;
      this.large.delete(oldest);
      this.connections.cut(oldest, 'large');
    }
  }

  private add(socket: Socket, from: number): UnauthenticatedSocket {
    const waiting = new UnauthenticatedSocket(socket, this.now() + this.idleMs, from);
    this.connections.add(socket, waiting);
    return waiting;
  }

  private removed(socket: Socket): void {
    this.large.delete(socket);
    this.connections.remove(socket);
  }

  private get(socket: Socket): UnauthenticatedSocket | undefined {
    return this.connections.get(socket) as UnauthenticatedSocket | undefined;
  }
}

/** Whether the socket has sent a part of a head. */
function isReadingHead({ parser }: HttpSocket): boolean {
  if (!parser) {
    return false;
  }
  // Node 24 has no `headersCompleted`. There, a request is `incoming` from the end of its head until it is answered.
  return parser.headersCompleted ? !parser.headersCompleted() : (parser.incoming ?? null) === null;
}

/** Whether a response owns the socket. */
function isAnswering({ _httpMessage: response }: HttpSocket): boolean {
  return Boolean(response);
}

/** `this` is the socket. */
function listener(receive: (socket: Socket, piece: Buffer) => void) {
  return function (this: Socket, piece: Buffer): void {
    receive(this, piece);
  };
}
