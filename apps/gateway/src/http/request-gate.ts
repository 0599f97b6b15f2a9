import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthState, OpsHandler } from '#ops';
import { type Problem, Refusal, refusalProblem } from '#protocol';
import type { RefusalLog } from '../edge/refusal-log.js';
import type { SseEndpoint } from '../sse/sse-endpoint.js';
import { isSocketIo, type SocketIoRule } from '../ws/socket-io-rule.js';
import type { AnswerHeaders } from './answer-headers.js';
import type { Gate } from './http.adapter.js';
import type { OriginRule } from './origin-rule.js';
import type { ProblemFilter } from './problem.filter.js';

export interface RequestGateParts {
  readonly origins: OriginRule;
  readonly headers: AnswerHeaders;
  readonly socketIo: SocketIoRule;
  readonly health: Pick<HealthState, 'isDraining'>;
  readonly ops: OpsHandler;
  readonly streams: SseEndpoint;
  readonly problems: ProblemFilter;
  readonly refusals: RefusalLog;
}

/**
 * Every request passes here, whatever serves it: streams, Socket.IO with each of its long polls, history, hints, health
 * and metrics. A rule that holds here holds for all of them; a handshake alone proves nothing about what follows it.
 */
export class RequestGate implements Gate {
  constructor(private readonly parts: RequestGateParts) {}

  /** Answers the request, or leaves it to who is behind. @returns whether it answered */
  answers(request: IncomingMessage, response: ServerResponse): boolean {
    const { origins, headers, socketIo, health, ops, streams, problems } = this.parts;
    if (health.isDraining) {
      response.shouldKeepAlive = false; // What comes next on this connection is for a gateway that stays.
    }
    try {
      checkHost(request);
      origins.check(request);
      if (origins.isPreflight(request)) {
        headers.set(request, response);
        origins.preflight(request, response);
        return true;
      }
      socketIo.check(request);
    } catch (error) {
      headers.set(request, response);
      problems.answer(error, response);
      return true;
    }
    if (streams.serves(request, response)) {
      return true;
    }
    headers.set(request, response);
    return ops(request, response);
  }

  /** @returns what a WebSocket handshake is refused with; null where it may go on */
  refusalOf(handshake: IncomingMessage): Problem | null {
    const { origins, socketIo, refusals } = this.parts;
    try {
      checkHost(handshake);
      origins.check(handshake);
      socketIo.check(handshake);
      return null;
    } catch (error) {
      return refusalProblem(refusals.note(error));
    }
  }

  isWebSocket(request: IncomingMessage): boolean {
    return isSocketIo(request);
  }
}

/**
 * Of several `Host` fields, proxy and gateway may each go by another one (RFC 9112, 3.2).
 *
 * @throws {Refusal} `invalid`
 */
function checkHost({ rawHeaders, httpVersion }: IncomingMessage): void {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    count += name.length === 4 && name.toLowerCase() === 'host' ? 1 : 0;
  }
  if (count > 1 || (count === 0 && httpVersion === '1.1')) {
    throw new Refusal('invalid', `a request has one Host, and this one has ${count === 0 ? 'none' : count}`);
  }
}
