import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import type { OriginRule } from './origin-rule.js';

/** Header fields by name, as `writeHead` takes them. */
export type Headers = Readonly<Record<string, string>>;

/**
 * The header fields that helmet sets for a service without pages: no scripts, no frames, no guessed content types.
 * helmet is asked once, because they are the same for every answer. `Strict-Transport-Security` belongs to the proxy
 * that ends TLS.
 */
const SECURITY: Headers = fromHelmet({
  strictTransportSecurity: false,
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
});

/**
 * Header fields of an answer that no other origin may read. All answers share this object, because streams keep theirs.
 */
export const PLAIN_HEADERS: Headers = { ...SECURITY, vary: 'Origin' };

/** The header fields that every answer has. */
export class AnswerHeaders {
  constructor(private readonly origins: OriginRule) {}

  of(request: IncomingMessage): Headers {
    const readable = this.origins.readableBy(request);
    return readable === null ? PLAIN_HEADERS : { ...PLAIN_HEADERS, ...readable };
  }

  /** Sets them on a response to which other code adds more fields. */
  set(request: IncomingMessage, response: ServerResponse): void {
    const headers = this.of(request);
    for (const name in headers) {
      response.setHeader(name, headers[name] ?? '');
    }
  }
}

function fromHelmet(options: Parameters<typeof helmet>[0]): Headers {
  const headers: Record<string, string> = {};
  const collector = {
    setHeader: (name: string, value: string) => (headers[name.toLowerCase()] = value),
    removeHeader: () => undefined,
  };
  helmet(options)({} as IncomingMessage, collector as unknown as ServerResponse, (error) => {
    if (error !== undefined) throw error as Error;
  });
  return headers;
}
