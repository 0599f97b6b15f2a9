import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OriginRule } from './origin-rule.js';

/** Applies the origin rule to what Express serves. `SseEndpoint` and Socket.IO's handshake apply the same rule themselves. */
export function originGate(origins: OriginRule) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    response.setHeaders(new Map(Object.entries(origins.headersFor(request))));
    origins.check(request); // What it throws, Express hands to the problem filter.
    if (origins.isPreflight(request)) {
      origins.preflight(request, response);
    } else {
      next();
    }
  };
}
