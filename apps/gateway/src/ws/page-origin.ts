import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';

/** The private members of engine.io that are used here. The code checks that they exist. */
interface EngineInsides {
  readonly clients?: Readonly<Record<string, { readonly request?: IncomingMessage | null } | undefined>>;
}

/** Header fields in which a browser names the page that caused a request. */
const PAGE_FIELDS = ['origin', 'sec-fetch-site'] as const;

/**
 * Copies the header fields that name the page to the handshake of a long polling session. A browser sends them with
 * every POST, but with a GET of its own origin only over TLS, and the handshake is a GET. The cookie's token is checked
 * after the first POST, which asks for the namespace.
 */
export function keepPageOrigin(engine: Server['engine']): void {
  const { clients } = engine as unknown as EngineInsides;
  engine.use((request: IncomingMessage & { _query: Record<string, string> }, _response: unknown, next: () => void) => {
    // It is null when the client is served.
    const handshake = clients?.[request._query['sid'] ?? '']?.request;
    if (request.method === 'POST' && handshake) {
      for (const field of PAGE_FIELDS) {
        handshake.headers[field] ??= request.headers[field];
      }
    }
    next();
  });
}
