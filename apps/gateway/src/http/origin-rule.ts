import type { IncomingMessage, ServerResponse } from 'node:http';
import { OriginPattern, parseOrigin, type Origin } from '#ops';
import { Refusal } from '#protocol';
import { BODY_METHODS } from './methods.js';
import { isOwn, type OwnOrigin, type OwnOrigins } from './own-origin.js';

/** How long a browser may cache the answer to a preflight, seconds. */
const PREFLIGHT_MAX_AGE_S = 600;
/** Longest list of header fields that a preflight may ask for, characters. */
const ASKED_MAX = 1024;
/** Most characters of a client's text that a refusal repeats. */
const SHOWN_MAX = 100;

/** Header fields of answers that pages of other origins may read, besides those that browsers always show. */
const EXPOSED = 'Retry-After, ETag, Stream-Next-Offset, Stream-Cursor, Stream-Up-To-Date';

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

  /**
   * Whether the request may be served. Programs other than browsers send no `Origin`; nor do browsers with a plain GET
   * of the same origin.
   */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined) {
      return true;
    }
    const parsed = parseOrigin(origin);
    return parsed !== null && (this.isAllowed(parsed) || isOwn(parsed, this.own.of(request)));
  }

  /** @throws {Refusal} `forbidden`, if the request may not be served */
  check(request: IncomingMessage): void {
    if (!this.allows(request)) {
      throw new Refusal('forbidden', complaint(request.headers.origin ?? '', this.own.of(request)));
    }
  }

  /** The header fields that let a page of another, allowed origin read the answer; null for all others. */
  readableBy({ headers: { origin } }: IncomingMessage): Readonly<Record<string, string>> | null {
    const parsed = origin === undefined ? null : parseOrigin(origin);
    if (origin === undefined || parsed === null || !this.isAllowed(parsed)) {
      return null;
    }
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': EXPOSED,
    };
  }

  /** Whether the request is a CORS preflight. */
  isPreflight(request: IncomingMessage): boolean {
    return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  }

  /**
   * Answers a preflight. It allows every header field that the browser asks for: only the origin decides what may be
   * sent, and tracing libraries add fields that are not known here.
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

/** The text of a refusal: what was received and what to do. Its reader configures a proxy or writes a page. */
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
