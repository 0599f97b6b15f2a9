import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';

/** What is used of engine.io's insides; looked for before it is used. */
interface EngineInsides {
  readonly clients?: Readonly<Record<string, { readonly request?: IncomingMessage | null } | undefined>>;
}

/** Header fields by which a browser tells which page caused a request. */
const PAGE_FIELDS = ['origin', 'sec-fetch-site'] as const;

/**
 * Keeps with a long polling handshake which page it is of. A browser names the origin with every POST, but with a GET of
 * its own origin only over TLS, and the handshake is a GET. The token of the cookie is looked at after the first POST,
 * which brings the request for the namespace.
 */
export function keepPageOrigin(engine: Server['engine']): void {
  const { clients } = engine as unknown as EngineInsides;
  engine.use((request: IncomingMessage & { _query: Record<string, string> }, _response: unknown, next: () => void) => {
    // Null once the client is served.
    const handshake = clients?.[request._query['sid'] ?? '']?.request;
    if (request.method === 'POST' && handshake) {
      for (const field of PAGE_FIELDS) {
        handshake.headers[field] ??= request.headers[field];
      }
    }
    next();
  });
}
