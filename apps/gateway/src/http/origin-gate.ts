import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '#core';
import type { OriginRule } from './origin-rule.js';
import { answerRefusal } from './problem-answer.js';

export type OriginGate = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Applies the origin rule to every HTTP request. Socket.IO's handshakes do not pass here, but keep the same rule. */
export function originGate(origins: OriginRule): OriginGate {
  return (request, response, next) => {
    origins.mark(request, response);
    if (!origins.allows(request)) {
      answerRefusal(response, new Refusal('forbidden', 'pages of this origin may not talk to this service'));
    } else if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      origins.preflight(response);
    } else {
      next();
    }
  };
}
