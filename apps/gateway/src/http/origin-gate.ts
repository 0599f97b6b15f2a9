import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OriginRule } from './origin-rule.js';

/** Applies the origin rule to every HTTP request. Streams and Socket.IO's handshakes do not pass here, but keep the same rule. */
export function originGate(origins: OriginRule) {
  return (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void => {
    response.setHeaders(new Map(Object.entries(origins.headersFor(request))));
    try {
      origins.check(request);
    } catch (error) {
      next(error);
      return;
    }
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      origins.preflight(response);
    } else {
      next();
    }
  };
}
