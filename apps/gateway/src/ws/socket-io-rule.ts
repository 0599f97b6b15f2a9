import type { IncomingMessage } from 'node:http';
import { NotFoundException, PayloadTooLargeException } from '@nestjs/common';
import { Refusal } from '#protocol';
import { pathOf, queryOf } from '../http/query.js';

export type SocketIoTransport = 'websocket' | 'polling';

/** Where Socket.IO is served. */
const PATH = '/socket.io/';
/** The protocol version that clients of Socket.IO 3 and 4 use. */
const ENGINE_PROTOCOL = '4';
/** Files of the client library, for pages that have no other source; without the one whose parser is refused. */
const CLIENT_FILES = /^\/socket\.io\/socket\.io(?:\.esm)?(?:\.min)?\.js(?:\.map)?$/;

/** Whether the request is for Socket.IO. */
export function isSocketIo(request: IncomingMessage): boolean {
  return pathOf(request) === PATH;
}

/**
 * Decides which requests Socket.IO gets. Requests that it cannot serve are refused here, with a reason: its own texts
 * are short, and its client hides them.
 */
export class SocketIoRule {
  constructor(
    private readonly transports: readonly SocketIoTransport[],
    /** `SERVE_SOCKET_IO_CLIENT` */
    private readonly servesClient: boolean,
    /** Largest message, bytes. */
    private readonly messageMaxBytes: number,
  ) {}

  /** @throws {Refusal}, `NotFoundException` or `PayloadTooLargeException`, if the request is for Socket.IO's path and cannot be served */
  check(request: IncomingMessage): void {
    const path = pathOf(request);
    if (!path.startsWith(PATH)) {
      return;
    }
    if (path === PATH) {
      this.checkConnection(request);
    } else if (!this.servesClient || !CLIENT_FILES.test(path)) {
      throw new NotFoundException(`nothing is served at this path; Socket.IO is at ${PATH}`);
    }
  }

  private checkConnection(request: IncomingMessage): void {
    const query = queryOf(request); // engine.io uses the last of several values.
    if (query.has('j')) {
      throw new Refusal('invalid', 'JSONP is not served: its answers are scripts, which any page may read');
    }
    const protocol = query.getAll('EIO').at(-1) ?? null;
    if (protocol !== ENGINE_PROTOCOL) {
      throw new Refusal(
        'invalid',
        `this is Engine.IO protocol ${ENGINE_PROTOCOL}, and the request asks for ${shown(protocol)}: use a client of Socket.IO 3 or 4`,
      );
    }
    const transport = query.getAll('transport').at(-1) ?? null;
    if (!this.transports.some((served) => served === transport)) {
      const most = this.transports.map((served) => `'${served}'`).join(', ');
      throw new Refusal('invalid', `the transport ${shown(transport)} is not served here: set transports: [${most}]`);
    }
    if (Number(request.headers['content-length'] ?? 0) > this.messageMaxBytes) {
      throw new PayloadTooLargeException(
        `a message has at most ${this.messageMaxBytes} bytes, and this one has more: subscribe to fewer tickets at once`,
      );
    }
    if (request.headers.origin === undefined && isForeignSite(request.headers['sec-fetch-site'])) {
      throw new Refusal(
        'forbidden',
        'a page of another site asks without an origin: load no script or image from here',
      );
    }
  }
}

/** Whether the browser says that a page of another site caused the request. */
function isForeignSite(site: string | string[] | undefined): boolean {
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

const SHOWN_MAX = 20;

function shown(value: string | null): string {
  return value === null ? 'none' : JSON.stringify(value.slice(0, SHOWN_MAX));
}
