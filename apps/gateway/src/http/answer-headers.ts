import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import type { OriginRule } from './origin-rule.js';

/** Header fields by name, as `writeHead` takes them. */
export type Headers = Readonly<Record<string, string>>;

/**
 * What helmet sets for a service without pages: nothing is a script, nothing may be framed, embedded or guessed at. Asked
 * once, as it is the same for every answer. `Strict-Transport-Security` belongs to the proxy that ends TLS.
 */
const SECURITY: Headers = fromHelmet({
  strictTransportSecurity: false,
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
});

/** Of an answer to nobody in particular; one object for all, as streams keep theirs. */
export const PLAIN_HEADERS: Headers = { ...SECURITY, vary: 'Origin' };

/** The header fields that every answer has. */
export class AnswerHeaders {
  constructor(private readonly origins: OriginRule) {}

  of(request: IncomingMessage): Headers {
    const readable = this.origins.readableBy(request);
    return readable === null ? PLAIN_HEADERS : { ...PLAIN_HEADERS, ...readable };
  }

  /** Sets them on a response that gets more header fields elsewhere. */
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
