import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import { httpProblem, type Problem } from '#protocol';
import { UNAUTHENTICATED_MAX_BYTES, UNAUTHENTICATED_MS } from '../edge/unauthenticated-connections.js';
import { dropExtraSlashes } from './query.js';
import { endWith } from './raw-answer.js';
import type { DrainedServer } from '../lifecycle/drain.js';
import type { UnauthenticatedSockets } from './unauthenticated-sockets.js';
import { mayUpgrade, upgradeGate, type UpgradeListener } from './upgrade-gate.js';

/**
 * Most connections that wait to be accepted. When a gateway dies, all of its clients connect elsewhere at once. A
 * client that finds the backlog full tries again after a second. Linux has its own bound (`net.core.somaxconn`, 4096).
 */
const BACKLOG = 4096;

/** How often Node looks for requests that take too long, ms. */
const CHECK_MS = 1000;

/** Node's code for a request that was not complete in time. */
const TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/** Why a WebSocket handshake is refused. */
export interface RefusedHandshake {
  readonly problem: Problem;
  /** When to try again, ms; undefined if waiting does not help. */
  readonly retryMs: number | undefined;
}

/** The checks that every request and handshake passes before any other code gets it. */
export interface Gate {
  /** Answers the request, or passes it on: now, or when its turn has come. */
  serve(request: IncomingMessage, response: ServerResponse, pass: () => void): void;
  /** @returns the refusal of a WebSocket handshake; null if the handshake may go on */
  refusalOf(handshake: IncomingMessage): RefusedHandshake | null;
  /** Begins a WebSocket handshake that is not refused, now or later: deliveries wait for a few handshakes only. */
  inTurn(handshake: IncomingMessage, begin: () => void): void;
  /** Whether a WebSocket is served at the path of this request. */
  isWebSocket(request: IncomingMessage): boolean;
}

/** Express on a server that answers unreadable requests with a problem of our own. */
export class HttpAdapter extends ExpressAdapter implements DrainedServer {
  private gate: Gate | null = null;
  private sockets: UnauthenticatedSockets | null = null;

  /** Called before {@link listen}. */
  putInFront(gate: Gate): void {
    this.gate = gate;
  }

  /** Called before {@link listen}. */
  watch(sockets: UnauthenticatedSockets): void {
    this.sockets = sockets;
    sockets.watch(this.httpServer);
  }

  /** @param ms how long a connection without a request is kept */
  keepConnections(ms: number): void {
    const server: Server = this.httpServer;
    server.keepAliveTimeout = ms;
  }

  /** Nest passes the port, perhaps a host, and last a callback. */
  override listen(port: string | number, ...args: unknown[]): Server {
    const callback = args.pop() as () => void;
    const [host] = args as string[];
    this.putGateFirst();
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, callback);
  }

  stopListening(): void {
    const server: Server = this.httpServer;
    server.close();
  }

  connectionCount(): Promise<number> {
    const server: Server = this.httpServer;
    return new Promise((resolve, reject) => {
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  override initHttpServer(): void {
    const express = this.getInstance<RequestListener<typeof IncomingMessage, typeof ServerResponse>>();
    // The gate refuses a request without Host and says why. Node would refuse it without a reason.
    const options: ServerOptions & { shouldUpgradeCallback: typeof mayUpgrade } = {
      // Node's parser refuses a longer request line or header before it keeps any of it. Many tickets belong in a body.
      maxHeaderSize: UNAUTHENTICATED_MAX_BYTES,
      requireHostHeader: false,
      shouldUpgradeCallback: mayUpgrade,
      // Both also begin when a connection opens. One that has sent nothing yet is kept, because load balancers open
      // connections before they need them.
      headersTimeout: UNAUTHENTICATED_MS,
      requestTimeout: UNAUTHENTICATED_MS,
      connectionsCheckingInterval: CHECK_MS,
    };
    this.httpServer = createServer(options, express).on(
      'clientError',
      (error: NodeJS.ErrnoException, socket: Socket) => {
        if (error.code === TIMEOUT) {
          this.sockets?.tookTooLong(socket);
        } else {
          answerClientError(error, socket);
        }
      },
    );
  }

  /** Puts the gate before the listeners that exist: Express, and Socket.IO, which puts itself before Express. */
  private putGateFirst(): void {
    const server: Server = this.httpServer;
    const { gate } = this;
    if (gate === null) {
      return;
    }
    const serve = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.sockets?.requested(request.socket, response);
      dropExtraSlashes(request);
      if (request.headers.upgrade !== undefined) {
        // Node loses what the client sends after the body of such a request. So the client has to use a new connection.
        response.shouldKeepAlive = false;
      }
      gate.serve(request, response, () => {
        serve.forEach((listener) => void listener.call(server, request, response));
      });
    });
    const [handshake] = server.listeners('upgrade') as UpgradeListener[];
    if (handshake !== undefined) {
      const gated: UpgradeListener = (request, socket, head) => {
        const refused = gate.refusalOf(request);
        if (refused !== null) {
          endWith(socket, refused.problem, refused.retryMs);
          return;
        }
        socket.on('error', ignore); // While it waits it has no other listener, and an error would end the process.
        gate.inTurn(request, () => {
          if (!socket.writable) {
            socket.destroy();
            return;
          }
          socket.off('error', ignore);
          handshake(request, socket, head);
          this.sockets?.upgraded(socket, head);
        });
      };
      const isWanted = (request: IncomingMessage) => gate.isWebSocket(request);
      const upgrade = upgradeGate(server, isWanted, gated);
      server.removeAllListeners('upgrade').on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
        dropExtraSlashes(request);
        upgrade(request, socket, head);
      });
    }
  }
}

const ignore = () => undefined;

/** What Node could not read never becomes a request. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex & { _httpMessage?: unknown }): void {
  // Node keeps here the response that owns the socket. Nothing may be written into one that has begun.
  if (!socket.writable || socket._httpMessage) {
    socket.destroy();
    return;
  }
  endWith(socket, problemOf(error));
}

function problemOf({ code }: NodeJS.ErrnoException): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return httpProblem(
        431,
        `the request line and headers may have ${UNAUTHENTICATED_MAX_BYTES} bytes, and these have more: ` +
          'POST /v1/events takes many case_ids in a JSON body',
      );
    case 'HPE_INVALID_METHOD':
      return httpProblem(
        400,
        'the request could not be read: it begins with no method that is known here ' +
          '(QUERY needs a gateway on Node 20.19.2, 22.2 or later; POST does the same)',
      );
    default:
      return httpProblem(400, 'the request could not be read');
  }
}
