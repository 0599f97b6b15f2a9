import type { IncomingMessage, ServerResponse } from 'node:http';
import { OriginPattern, parseOrigin, type Origin } from '#ops';
import { Refusal } from '#protocol';
import { BODY_METHODS } from './methods.js';
import { isOwn, type OwnOrigin, type OwnOrigins } from './own-origin.js';

/** How long a browser may remember what a preflight allowed, seconds. */
const PREFLIGHT_MAX_AGE_S = 600;
/** Longest list of headers that a preflight may ask for, characters. */
const ASKED_MAX = 1024;
/** Most characters of a client's own words that a refusal repeats. */
const SHOWN_MAX = 100;

const METHODS = `GET, HEAD, ${BODY_METHODS.join(', ')}`;
const FIELD_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;

/** Which web pages may talk to the gateway: those of its own origin and those of `ALLOWED_ORIGINS`. */
export class OriginRule {
  private readonly allowed: readonly OriginPattern[];

  constructor(
    /** `ALLOWED_ORIGINS` */
    allowed: readonly string[],
    private readonly own: OwnOrigins,
  ) {
    this.allowed = allowed.map((text) => OriginPattern.parse(text)).filter((pattern) => pattern !== null);
  }

  /** Whether the request may be served. Programs that are no browsers name no origin, and neither do plain same-origin reads. */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined) {
      return true;
    }
    const parsed = parseOrigin(origin);
    return parsed !== null && (this.isAllowed(parsed) || isOwn(parsed, this.own.of(request)));
  }

  /** @throws {Refusal} `forbidden`, where the request may not be served */
  check(request: IncomingMessage): void {
    if (!this.allows(request)) {
      throw new Refusal('forbidden', complaint(request.headers.origin ?? '', this.own.of(request)));
    }
  }

  /** The header fields that let a page of an allowed foreign origin read the answer; null for everybody else. */
  readableBy({ headers: { origin } }: IncomingMessage): Readonly<Record<string, string>> | null {
    const parsed = origin === undefined ? null : parseOrigin(origin);
    if (origin === undefined || parsed === null || !this.isAllowed(parsed)) {
      return null;
    }
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After',
    };
  }

  /** Whether the request asks if another one, from a page of another origin, would be served. */
  isPreflight(request: IncomingMessage): boolean {
    return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  }

  /**
   * Answers the browser's question whether it may send the request that it is about to send. Whichever header fields it
   * asks for, it may: who may send what is the origin's matter, and tracing adds fields that nobody here knows.
   */
  preflight(request: IncomingMessage, response: ServerResponse): void {
    const asked = request.headers['access-control-request-headers'] ?? '';
    if (asked.length <= ASKED_MAX && FIELD_NAMES.test(asked)) {
      response.setHeader('access-control-allow-headers', asked);
    }
    response.setHeader('vary', 'Origin, Access-Control-Request-Headers');
    response.setHeader('access-control-allow-methods', METHODS);
    response.setHeader('access-control-max-age', PREFLIGHT_MAX_AGE_S);
    response.writeHead(204).end();
  }

  private isAllowed(origin: Origin): boolean {
    return this.allowed.some((pattern) => pattern.matches(origin));
  }
}

/** What was received and what to do. The reader sets up a proxy or a page. */
function complaint(origin: string, { scheme, authority, source }: OwnOrigin): string {
  if (origin === 'null') {
    return 'the page has no origin (Origin: null), as sandboxed frames and files have none: it may not talk to this service';
  }
  const own = `${scheme === null ? '' : `${scheme}://`}${authority}`.slice(0, SHOWN_MAX);
  return (
    `the page's origin is ${origin.slice(0, SHOWN_MAX)}, and the gateway's own is ${own} (from ${source}): ` +
    'add the page to ALLOWED_ORIGINS, or, where a proxy changes Host, set PUBLIC_URL or TRUST_PROXY'
  );
}
