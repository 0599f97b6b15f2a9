import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Refusal } from '#protocol';

/** The cookie that may carry a token. */
const COOKIE = 'pollcast_token';
const TOKEN_HEADER = 'x-auth-token';
const BEARER = /^Bearer +([^\s]+) *$/i;

/**
 * The token of an HTTP request: header, cookie or, for an EventSource that can set neither, the query.
 *
 * @throws {Refusal} if only the cookie has a token, and the cookie does not count
 */
export function tokenOf({ headers }: IncomingMessage, query: URLSearchParams): string | undefined {
  const counts = cookieCounts(headers, false);
  return tokenOfHeaders(headers, counts) ?? query.get('access_token') ?? refuseCookie(headers, counts);
}

/**
 * The token of a Socket.IO handshake: `auth.token`, then what its HTTP request has.
 *
 * @param isPolling browsers name a page's origin with every WebSocket, but not with every poll
 * @throws {Refusal} as {@link tokenOf}
 */
export function tokenOfHandshake(
  auth: Record<string, unknown>,
  headers: IncomingHttpHeaders,
  isPolling: boolean,
): string | undefined {
  const counts = cookieCounts(headers, isPolling);
  const given = typeof auth['token'] === 'string' ? auth['token'] : tokenOfHeaders(headers, counts);
  return given ?? refuseCookie(headers, counts);
}

/**
 * Whether the cookie proves that the user wants this request. Browsers send the cookie with every request, also with
 * one that a page of another site caused. So the cookie counts only if no header names another site. The request gate
 * has checked `Origin` before.
 *
 * @param isProofNeeded whether a request without any header about its page is refused; old browsers send none
 */
function cookieCounts({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders, isProofNeeded: boolean): boolean {
  if (origin !== undefined || site === undefined) {
    return origin !== undefined || !isProofNeeded;
  }
  return site === 'same-origin' || site === 'none';
}

/** The upstream's own clients send `X-Auth-Token`. */
function tokenOfHeaders(headers: IncomingHttpHeaders, cookieCounts: boolean): string | undefined {
  const { authorization, cookie, [TOKEN_HEADER]: given } = headers;
  const token = typeof given === 'string' && given !== '' ? given : undefined;
  return BEARER.exec(authorization ?? '')?.[1] ?? token ?? (cookieCounts ? valueOf(cookie ?? '', COOKIE) : undefined);
}

function refuseCookie({ cookie }: IncomingHttpHeaders, cookieCounts: boolean): undefined {
  if (!cookieCounts && valueOf(cookie ?? '', COOKIE) !== undefined) {
    throw new Refusal(
      'unauthorized',
      `the cookie ${COOKIE} does not count here: nothing shows that a page of this site asks (Origin, Sec-Fetch-Site)`,
    );
  }
  return undefined;
}

function valueOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) {
      return pair.slice(equals + 1).trim();
    }
  }
  return undefined;
}
