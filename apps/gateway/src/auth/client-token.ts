import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The cookie that may carry a token. */
const COOKIE = 'pollcast_token';
const BEARER = /^Bearer +([^\s]+) *$/i;

/** The token of an HTTP request: header, cookie or, for an EventSource that can set neither, the query. */
export function tokenOf(request: IncomingMessage, query: URLSearchParams): string | undefined {
  return tokenOfHeaders(request.headers) ?? query.get('access_token') ?? undefined;
}

/** The token of a Socket.IO handshake: `auth.token`, then what its HTTP request has. */
export function tokenOfHandshake(auth: Record<string, unknown>, headers: IncomingHttpHeaders): string | undefined {
  return typeof auth['token'] === 'string' ? auth['token'] : tokenOfHeaders(headers);
}

function tokenOfHeaders(headers: IncomingHttpHeaders): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? cookie(headers.cookie ?? '', COOKIE);
}

function cookie(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) {
      return pair.slice(equals + 1).trim();
    }
  }
  return undefined;
}
