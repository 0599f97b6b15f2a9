import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';
import { clientOf, type EngineRequest } from './engine-clients.js';

/** Header fields in which a browser names the page that caused a request. */
const PAGE_FIELDS = ['origin', 'sec-fetch-site'] as const;

/**
 * Copies the header fields that name the page to the handshake of a long polling session. A browser sends them with
 * every POST, but with a GET of its own origin only over TLS, and the handshake is a GET. The cookie's token is checked
 * after the first POST, which asks for the namespace.
 */
export function keepPageOrigin(engine: Server['engine']): void {
  engine.use((request: EngineRequest, _response: unknown, next: () => void) => {
    // It is null when the client is served.
    const handshake = clientOf(engine, request)?.request as IncomingMessage | null | undefined;
    if (request.method === 'POST' && handshake) {
      for (const field of PAGE_FIELDS) {
        handshake.headers[field] ??= request.headers[field];
      }
    }
    next();
  });
}
