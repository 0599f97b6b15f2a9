import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a browser may remember what a preflight allowed, seconds. */
const PREFLIGHT_MAX_AGE_S = 600;

/** Which web pages may talk to the gateway: those of its own origin and those of `ALLOWED_ORIGINS`. */
export class OriginRule {
  constructor(readonly allowed: readonly string[]) {}

  /** Whether the request may be served. Programs that are no browsers name no origin, and neither do plain same-origin reads. */
  allows(request: IncomingMessage): boolean {
    const { origin, host } = request.headers;
    return origin === undefined || this.allowed.includes(origin) || isSameHost(origin, host);
  }

  /** Lets the page at an allowed foreign origin read the answer. */
  mark(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers;
    response.setHeader('vary', 'Origin');
    if (origin !== undefined && this.allowed.includes(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-allow-credentials', 'true');
      response.setHeader('access-control-expose-headers', 'Retry-After');
    }
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
