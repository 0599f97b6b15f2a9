import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { httpProblem, Refusal, refusalProblem, retryMsOf } from '#protocol';
import { FairTurns } from '../edge/fair-turns.js';
import {
  type CutReason,
  type Unauthenticated,
  UNAUTHENTICATED_MAX_BYTES,
  UNAUTHENTICATED_MS,
  type UnauthenticatedConnections,
} from '../edge/unauthenticated-connections.js';
import { endAtOnceWith } from './raw-answer.js';

/** Most pieces in which the bytes of a WebSocket before its token may come: each unfinished piece takes 300 bytes. */
const PIECES_MAX = 64;

/** The private members of Node's HTTP server that are used here. */
type HttpSocket = Socket & {
  /** Null where the socket belongs to a WebSocket. */
  readonly parser?: { headersCompleted?(): boolean; readonly incoming?: object | null } | null;
  /** The response that owns the socket. */
  readonly _httpMessage?: ServerResponse | null;
  /** Null once the socket is closed. `pause` is no substitute: a paused socket still reads its first 64 kB. */
  readonly _handle?: { readStart(): number; readStop(): number } | null;
};

/** A TCP connection that has shown no token yet. */
class UnauthenticatedSocket implements Unauthenticated {
  /** Pieces that a WebSocket has received. */
  pieces = 0;

  constructor(
    private readonly socket: HttpSocket,
    readonly isWebSocket: boolean,
    /** When it is ended if no head begins. */
    public until: number,
    /** How many bytes the socket had received when it was opened, at its last head, or when the WebSocket began. */
    public from: number,
  ) {}

  get bytes(): number {
    return this.socket.bytesRead - this.from;
  }

  /** Node's own timeout holds for a head that has begun. */
  get endsAt(): number {
    return this.isReadingHead ? Number.POSITIVE_INFINITY : this.until;
  }

  cut(reason: CutReason): void {
    if (reason === 'slow' && this.isReadingHead) {
      const words = `the request line and headers were not complete within ${UNAUTHENTICATED_MS / 1000} s`;
      endAtOnceWith(this.socket, httpProblem(408, words));
    } else if (this.isReadingHead || (reason === 'crowded' && this.isBeforeAnswer)) {
      const refusal = new Refusal('unavailable', 'too many connections without a token are open');
      endAtOnceWith(this.socket, refusalProblem(refusal), retryMsOf(refusal));
    } else {
      this.socket.destroy();
    }
  }

  /** Whether a request has come, such as one whose token is being checked, and nothing of its answer is sent. */
  private get isBeforeAnswer(): boolean {
    return this.socket._httpMessage?.headersSent === false;
  }

  /** Whether a part of a head has come, and no answer is due. */
  private get isReadingHead(): boolean {
    const { parser, bytesRead, _httpMessage: response } = this.socket;
    if (!parser || response) {
      return false;
    }
    if (parser.headersCompleted) {
      return bytesRead > 0 && !parser.headersCompleted();
    }
    // Node 24 has no `headersCompleted`. There, a request is `incoming` until it is answered and its body has ended.
    return this.bytes > 0 && (parser.incoming ?? null) === null;
  }
}

/**
 * Watches the TCP connections of an HTTP server until they show a token. A connection that sends another request after it
 * has shown one is watched again.
 *
 * It does not listen to the bytes of requests: with a listener, Node gives each piece a buffer of 64 kB, and without one
 * its parser reads into one buffer for all connections. The parser bounds heads by itself (`maxHeaderSize`).
 */
export class UnauthenticatedSockets {
  // One function for all sockets: a closure for each would take memory of every connection.
  private readonly listen = listener((socket) => this.received(socket));
  private readonly listenToo = this.listenerOfReaders();
  private readonly turns = new FairTurns();
  private readonly forget = listener((socket) => this.connections.remove(socket));

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
  requested(socket: Socket, response: ServerResponse): void {
    const waiting = this.get(socket);
    if (waiting !== undefined) {
      waiting.from = socket.bytesRead;
      // Probes and scrapes show no token: their connections are kept like others.
      waiting.until = this.now() + this.idleMs;
      this.connections.add(socket, waiting);
    } else if (response.socket !== null) {
      this.add(socket); // No request is before it that has shown a token and is being answered.
    }
  }

  /** The socket is a WebSocket now. @param head what followed the request */
  upgraded(socket: Socket, head: Buffer): void {
    const until = this.now() + UNAUTHENTICATED_MS;
    this.connections.add(socket, new UnauthenticatedSocket(socket, true, until, socket.bytesRead - head.length));
    this.readInTurn(socket);
    // A listener starts the reading, and bytes would be lost that come before the WebSocket listens.
    socket.on('newListener', this.listenToo);
  }

  /** The client has shown a valid token. */
  authenticated(socket: Socket): void {
    if (this.get(socket)?.isWebSocket === true) {
      socket.off('newListener', this.listenToo).off('data', this.listen);
    }
    this.connections.remove(socket);
  }

  /**
   * Node found a head or a body that is not complete in time. A socket that waits for its first request is left alone.
   */
  tookTooLong(socket: Socket): void {
    if (socket.bytesRead > 0) {
      const waiting = this.get(socket);
      if (waiting?.bytes === 0) {
        // Node 24 does not tell that the piece with the end of the last request began this head, too.
        waiting.from -= 1;
      }
      this.connections.cut(socket, 'slow');
      if (socket.writable) {
        socket.destroy(); // Its client has shown a token.
      }
    }
  }

  private opened(socket: HttpSocket): void {
    socket.off('close', this.forget).on('close', this.forget); // The upgrade gate gives a socket back.
    if (this.connections.get(socket) === undefined) {
      this.add(socket);
    }
  }

  private listenerOfReaders() {
    const { listen } = this;
    return function listenToo(this: Socket, event: string | symbol): void {
      if (event === 'data') {
        this.off('newListener', listenToo).on('data', listen);
      }
    };
  }

  /** A WebSocket has received a piece. */
  private received(socket: Socket): void {
    const waiting = this.get(socket);
    if (waiting === undefined) {
      return;
    }
    waiting.pieces += 1;
    if (waiting.bytes > UNAUTHENTICATED_MAX_BYTES || waiting.pieces > PIECES_MAX) {
      // The piece may end a message that takes over an authenticated session.
      process.nextTick(() => this.connections.get(socket) === waiting && this.connections.cut(socket, 'large'));
    }
    this.readInTurn(socket);
  }

  /**
   * A few WebSockets are read in each turn of the event loop. Node reads 64 kB of each, which stay in memory until the socket
   * is closed at the end of the turn, and 1,000 sockets may be ready at once.
   */
  private readInTurn(socket: HttpSocket): void {
    if (
      !this.turns.take(
        () => socket,
        () => socket._handle?.readStart(),
      )
    ) {
      socket._handle?.readStop();
    }
  }

  private add(socket: Socket): void {
    const until = this.now() + this.idleMs;
    this.connections.add(socket, new UnauthenticatedSocket(socket, false, until, socket.bytesRead));
  }

  private get(socket: Socket): UnauthenticatedSocket | undefined {
    return this.connections.get(socket) as UnauthenticatedSocket | undefined;
  }
}

/** `this` is the socket. */
function listener(receive: (socket: Socket) => void) {
  return function (this: Socket): void {
    receive(this);
  };
}
