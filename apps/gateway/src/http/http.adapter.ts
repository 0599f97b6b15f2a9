import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import { httpProblem, type Problem } from '#protocol';
import { dropExtraSlashes } from './query.js';
import { rawAnswer } from './raw-answer.js';
import { mayUpgrade, upgradeGate, type UpgradeListener } from './upgrade-gate.js';

/**
 * 1,000 case ids of 64 characters in one query take 76 kB; Node's own limit of 16 kB is for less. Proxies often allow 8 kB:
 * more ids belong in a body (`POST /v1/events`).
 */
const HEADERS_MAX_BYTES = 262_144;

/**
 * Connections that may wait to be accepted: all clients of a gateway that died come at once, and one that finds no room
 * tries again only after a second. Linux has its own bound (`net.core.somaxconn`, 4096).
 */
const BACKLOG = 4096;

/** How long the head of a request may take, on top of how long a connection may wait for one, ms. */
const HEADERS_MS = 10_000;

/** What every request and handshake passes before anybody else hears of it. */
export interface Gate {
  /** Answers the request, or leaves it to who is behind. @returns whether it answered */
  answers(request: IncomingMessage, response: ServerResponse): boolean;
  /** @returns what a WebSocket handshake is refused with; null where it may go on */
  refusalOf(handshake: IncomingMessage): Problem | null;
  /** Whether a WebSocket is served where this one is asked for. */
  isWebSocket(request: IncomingMessage): boolean;
}

/** Express on a server that takes long queries, and that answers unreadable requests in our words. */
export class HttpAdapter extends ExpressAdapter {
  private gate: Gate | null = null;

  /** To be called before {@link listen}. */
  putInFront(gate: Gate): void {
    this.gate = gate;
  }

  /** @param ms how long a connection without a request is kept */
  keepConnections(ms: number): void {
    const server: Server = this.httpServer;
    server.keepAliveTimeout = ms;
    // Also counts from the opening of a connection, and balancers open some that they use later.
    server.headersTimeout = ms + HEADERS_MS;
    server.requestTimeout = Math.max(server.requestTimeout, server.headersTimeout);
  }

  /** Nest hands on an address and then its callback. */
  override listen(port: string | number, ...args: unknown[]): Server {
    const callback = args.pop() as () => void;
    const [host] = args as string[];
    this.closeIn();
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, callback);
  }

  override initHttpServer(): void {
    const express = this.getInstance<RequestListener<typeof IncomingMessage, typeof ServerResponse>>();
    // The gate says in words what Node would refuse without a word: a request without Host.
    const options = { maxHeaderSize: HEADERS_MAX_BYTES, requireHostHeader: false, shouldUpgradeCallback: mayUpgrade };
    this.httpServer = createServer(options, express).on('clientError', answerClientError);
  }

  /** Puts the gate before all listeners there are by now: Express, and Socket.IO, which has put itself before Express. */
  private closeIn(): void {
    const server: Server = this.httpServer;
    const { gate } = this;
    if (gate === null) {
      return;
    }
    const serve = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request').on('request', (request: IncomingMessage, response: ServerResponse) => {
      dropExtraSlashes(request);
      if (request.headers.upgrade !== undefined) {
        // Node loses what was sent behind such a request's body: the client is to send it again.
        response.shouldKeepAlive = false;
      }
      if (!gate.answers(request, response)) {
        serve.forEach((listener) => void listener.call(server, request, response));
      }
    });
    const [handshake] = server.listeners('upgrade') as UpgradeListener[];
    if (handshake !== undefined) {
      const gated: UpgradeListener = (request, socket, head) => {
        const problem = gate.refusalOf(request);
        if (problem === null) {
          handshake(request, socket, head);
        } else {
          socket.on('error', () => undefined).end(rawAnswer(problem));
        }
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

/** What Node could not read never becomes a request. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex & { _httpMessage?: unknown }): void {
  // Node keeps here the response that owns the socket. Nothing may be written into one that has begun.
  if (!socket.writable || socket._httpMessage) {
    socket.destroy();
    return;
  }
  socket.end(rawAnswer(problemOf(error)));
}

function problemOf({ code }: NodeJS.ErrnoException): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return httpProblem(
        431,
        `the request line and headers may have ${HEADERS_MAX_BYTES} bytes, and these have more: ` +
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
