import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthState, OpsHandler } from '#ops';
import { Refusal, refusalProblem, retryMsOf } from '#protocol';
import type { ConsoleEndpoint } from '../console/console-endpoint.js';
import type { DemoDoor } from '../console/demo-door.js';
import type { FairTurns } from '../edge/fair-turns.js';
import type { HandshakeRate } from '../edge/handshake-rate.js';
import type { RefusalLog } from '../edge/refusal-log.js';
import type { SseEndpoint } from '../sse/sse-endpoint.js';
import { isSocketIo, type SocketIoRule } from '../ws/socket-io-rule.js';
import type { AnswerHeaders } from './answer-headers.js';
import type { ClientAddresses } from './client-address.js';
import type { Gate, RefusedHandshake } from './http.adapter.js';
import type { OriginRule } from './origin-rule.js';
import { PipelineRule } from './pipeline-rule.js';
import { queryOf } from './query.js';
import type { ProblemFilter } from './problem.filter.js';
import { WaitingBodies } from './waiting-bodies.js';

export interface RequestGateParts {
  readonly origins: OriginRule;
  readonly headers: AnswerHeaders;
  readonly socketIo: SocketIoRule;
  readonly handshakes: HandshakeRate;
  readonly turns: FairTurns;
  readonly addresses: ClientAddresses;
  readonly health: Pick<HealthState, 'isDraining'>;
  readonly ops: OpsHandler;
  readonly streams: SseEndpoint;
  readonly console: Pick<ConsoleEndpoint, 'serves'>;
  readonly demo: Pick<DemoDoor, 'serves'>;
  readonly problems: ProblemFilter;
  readonly refusals: RefusalLog;
}

/**
 * The checks that every request passes, whatever serves it: streams, Socket.IO with each of its long polls, history,
 * hints, health and metrics. A rule that is checked here holds for all of them. Checking the handshake alone is not
 * enough: later long polls may come from another page.
 */
export class RequestGate implements Gate {
  private readonly pipelines = new PipelineRule();
  private readonly bodies = new WaitingBodies();

  constructor(private readonly parts: RequestGateParts) {}

  /** @param pass gives the request to the next listener */
  serve(request: IncomingMessage, response: ServerResponse, pass: () => void): void {
    const { headers, streams, ops, console, demo } = this.parts;
    const inTurn = this.checks(request, response);
    inTurn?.(() => {
      if (request.socket.destroyed || streams.serves(request, response)) {
        return;
      }
      headers.set(request, response);
      if (!ops(request, response) && !console.serves(request, response) && !demo.serves(request, response)) {
        pass();
      }
    });
  }

  /**
   * What is refused, and what browsers ask before they ask, waits for no turn.
   *
   * @returns null if it was answered; else calls what it is given when the turn of the request has come
   */
  private checks(request: IncomingMessage, response: ServerResponse): ((serve: () => void) => void) | null {
    const { origins, headers, socketIo, handshakes, addresses, health, streams, problems } = this.parts;
    if (health.isDraining) {
      response.shouldKeepAlive = false; // The next request of this client has to use another gateway.
    }
    try {
      checkHost(request);
      const inOrder = this.pipelines.take(request, response);
      origins.check(request);
      if (origins.isPreflight(request)) {
        headers.set(request, response);
        origins.preflight(request, response);
        return null;
      }
      socketIo.check(request);
      if (beginsSession(request) || streams.isFor(request)) {
        handshakes.take(addresses.of(request));
      }
      return (serve) => inOrder(() => this.takeTurn(request, response, serve));
    } catch (error) {
      headers.set(request, response);
      problems.answer(error, response);
      return null;
    }
  }

  private takeTurn(request: IncomingMessage, response: ServerResponse, serve: () => void): void {
    const { headers, turns, problems } = this.parts;
    try {
      const bodyIsNext = this.bodies.begin(request);
      turns.take(
        () => this.ownerOf(request),
        () => {
          bodyIsNext();
          serve();
        },
      );
    } catch (error) {
      headers.set(request, response);
      problems.answer(error, response);
    }
  }

  /** Whose turn a request takes: nobody has checked its token yet. */
  private ownerOf(request: IncomingMessage): string {
    return shownToken(request) ?? this.parts.addresses.of(request);
  }

  /** @returns the refusal of a WebSocket handshake; null if the handshake may go on */
  refusalOf(handshake: IncomingMessage): RefusedHandshake | null {
    const { origins, socketIo, handshakes, addresses, refusals } = this.parts;
    try {
      checkHost(handshake);
      origins.check(handshake);
      socketIo.check(handshake);
      handshakes.take(addresses.of(handshake));
      return null;
    } catch (error) {
      const refusal = refusals.note(error, handshake.headers);
      return { problem: refusalProblem(refusal), retryMs: retryMsOf(refusal) };
    }
  }

  inTurn(handshake: IncomingMessage, begin: () => void): void {
    this.parts.turns.take(() => this.ownerOf(handshake), begin);
  }

  isWebSocket(request: IncomingMessage): boolean {
    return isSocketIo(request);
  }
}

/** The token that a request shows in a header. It tells whose turn it takes, before anybody has checked it. */
function shownToken({ headers }: IncomingMessage): string | undefined {
  const given = headers.authorization ?? headers['x-auth-token'];
  return typeof given === 'string' ? given : undefined;
}

/** Whether the request begins a session of long polling. */
function beginsSession(request: IncomingMessage): boolean {
  return isSocketIo(request) && !queryOf(request).has('sid');
}

/**
 * Refuses several `Host` fields, because proxy and gateway may each read another one of them (RFC 9112, 3.2).
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
