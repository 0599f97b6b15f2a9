import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OriginRule } from './origin-rule.js';

/** Applies the origin rule to what Express serves. Streams and Socket.IO's handshakes do not pass here, but keep the same rule. */
export function originGate(origins: OriginRule) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    response.setHeaders(new Map(Object.entries(origins.headersFor(request))));
    origins.check(request); // What it throws, Express hands to the problem filter.
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      origins.preflight(response);
    } else {
      next();
    }
  };
}
