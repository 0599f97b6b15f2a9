import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '#protocol';

/** How long a browser may remember what a preflight allowed, seconds. */
const PREFLIGHT_MAX_AGE_S = 600;

/** Without a page of a foreign origin; one object for all, as streams keep theirs. */
const UNMARKED: Readonly<Record<string, string>> = { vary: 'Origin' };

/** Which web pages may talk to the gateway: those of its own origin and those of `ALLOWED_ORIGINS`. */
export class OriginRule {
  constructor(readonly allowed: readonly string[]) {}

  /** Whether the request may be served. Programs that are no browsers name no origin, and neither do plain same-origin reads. */
  allows(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    return origin === undefined || this.allowed.includes(origin) || isSameHost(origin, host);
  }

  /** @throws {Refusal} `forbidden`, where the request may not be served */
  check(request: IncomingMessage): void {
    if (!this.allows(request)) {
      throw new Refusal('forbidden', 'pages of this origin may not talk to this service');
    }
  }

  /** What every answer to the request says: the page at an allowed foreign origin may read it. */
  headersFor(request: IncomingMessage): Readonly<Record<string, string>> {
    const { origin } = request.headers;
    if (origin === undefined || !this.allowed.includes(origin)) {
      return UNMARKED;
    }
    return {
      ...UNMARKED,
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After',
    };
  }

  /** Whether the request asks if another one, from a page of another origin, would be served. */
  isPreflight(request: IncomingMessage): boolean {
    return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  }

  /** Answers the browser's question whether it may send the request that it is about to send. */
  preflight(response: ServerResponse): void {
    response.setHeader('access-control-allow-methods', 'GET, HEAD');
    response.setHeader('access-control-allow-headers', 'Authorization, Last-Event-ID, Cache-Control');
    response.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE_S);
    response.writeHead(204).end();
  }
}

/** The scheme is not compared: behind a proxy that ends TLS it is not known. */
function isSameHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
