import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import { httpProblem, PROBLEM_TYPE } from '#protocol';
import { mayUpgrade, upgradeGate, type UpgradeListener } from './upgrade-gate.js';

/** 1,000 case ids of 64 characters in one query take 76 kB; Node's own limit of 16 kB is for less. */
const HEADERS_MAX_BYTES = 262_144;

/**
 * Connections that may wait to be accepted: all clients of a gateway that died come at once, and one that finds no room
 * tries again only after a second. Linux has its own bound (`net.core.somaxconn`, 4096).
 */
const BACKLOG = 4096;

/** Answers a request if it is one of its own, and says whether it was. */
export type Front = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Express on a server that takes long queries, and that answers unreadable requests in our words. */
export class HttpAdapter extends ExpressAdapter {
  private front: Front = () => false;

  /** Puts something before Express, which gives each request and response a shape of its own: kilobytes, for streams. */
  putInFront(front: Front): void {
    this.front = front;
  }

  /** Nest hands on an address and then its callback. */
  override listen(port: string | number, ...args: unknown[]): Server {
    const callback = args.pop() as () => void;
    const [host] = args as string[];
    this.gateUpgrades();
    return this.httpServer.listen({ port: Number(port), host, backlog: BACKLOG }, callback);
  }

  override initHttpServer(): void {
    const serve = this.getInstance<RequestListener<typeof IncomingMessage, typeof ServerResponse>>();
    const options = { maxHeaderSize: HEADERS_MAX_BYTES, shouldUpgradeCallback: mayUpgrade };
    this.httpServer = createServer(options, (request, response) => {
      if (!this.front(request, response)) {
        serve(request, response);
      }
    });
    this.httpServer.on('clientError', answerClientError);
  }

  /** Socket.IO listens for every upgrade by now, and would end those that are none of its own. */
  private gateUpgrades(): void {
    const server: Server = this.httpServer;
    const [handshake] = server.listeners('upgrade') as UpgradeListener[];
    if (handshake !== undefined) {
      server.removeAllListeners('upgrade').on('upgrade', upgradeGate(server, isForSocketIo, handshake));
    }
  }
}

function isForSocketIo({ url = '' }: IncomingMessage): boolean {
  return url.startsWith('/socket.io/');
}

/** What Node could not read never becomes a request. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex & { bytesWritten?: number }): void {
  // Into a response that has begun nothing may be written.
  if (!socket.writable || (socket.bytesWritten ?? 0) > 0) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const problem = tooLarge
    ? httpProblem(431, `the request line and headers may have ${HEADERS_MAX_BYTES} bytes`)
    : httpProblem(400, 'the request could not be read');
  const body = JSON.stringify(problem);
  const reason = tooLarge ? 'Request Header Fields Too Large' : 'Bad Request';
  socket.end(
    `HTTP/1.1 ${problem.status} ${reason}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
