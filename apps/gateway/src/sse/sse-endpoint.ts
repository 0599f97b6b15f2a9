import type { IncomingMessage, ServerResponse } from 'node:http';
import { MethodNotAllowedException, NotAcceptableException } from '@nestjs/common';
import { type GatewaySettings } from '#ops';
import {
  closing,
  type PositionIds,
  Refusal,
  SSE_HEARTBEAT_COMMENT,
  SSE_HEARTBEAT_EVENT,
  type SseFrames,
  StreamDto,
} from '#protocol';
import { type RequestAuthentication } from '../auth/request-authentication.js';
import { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import { type Languages } from '../edge/languages.js';
import { type RefusalLog } from '../edge/refusal-log.js';
import { type RequestReader } from '../edge/request-reader.js';
import { subscriptionParametersOf, ticketsOf, type Tickets } from '../edge/subscription-parameters.js';
import { type AnswerHeaders } from '../http/answer-headers.js';
import { readJson } from '../http/json-body.js';
import { BODY_METHODS } from '../http/methods.js';
import { type ProblemFilter } from '../http/problem.filter.js';
import { queryOf } from '../http/query.js';
import { type Connections } from '../session/connections.js';
import { SSE_HEADERS, SseOutlet, type StreamHeaders } from './sse.outlet.js';
import { readBody, readQuery, refuseQuery } from './stream-request.js';

/**
 * Request targets of this endpoint. They match as Express matches a route: letter case and one slash at the end do not
 * count. Clients of a proxy send a target with scheme and host, and servers have to accept it, too.
 */
const TARGET = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?\/v1\/events\/?(?:[?#]|$)/i;

const METHODS = `GET, HEAD, ${BODY_METHODS.join(', ')}, OPTIONS`;

export interface SseEndpointParts {
  readonly authentication: RequestAuthentication;
  readonly reader: RequestReader;
  readonly connections: Connections;
  readonly frames: SseFrames;
  readonly headers: AnswerHeaders;
  readonly problems: ProblemFilter;
  readonly refusals: RefusalLog;
  readonly settings: Pick<GatewaySettings, 'requestMaxBytes'>;
  readonly languages: Languages;
  readonly ids: PositionIds;
}

/**
 * `/v1/events`: the SSE edge, from the request to the session. It stands in front of Express and Nest's router, because
 * Express gives each request and response a hidden class of its own (7 kB per stream), and a gateway has thousands of
 * streams. All refusals come before the stream begins (PROTOCOL.md, S1).
 */
export class SseEndpoint {
  constructor(private readonly parts: SseEndpointParts) {}

  isFor(request: IncomingMessage): boolean {
    return TARGET.test(request.url ?? '');
  }

  /** Answers the request if it is for this endpoint. @returns whether it is for this endpoint */
  serves(request: IncomingMessage, response: ServerResponse): boolean {
    const isForThis = this.isFor(request);
    if (isForThis) {
      void this.answer(request, response);
    }
    return isForThis;
  }

  /**
   * All headers are written with the head of the stream. Node would keep 700 bytes per stream for headers set before
   * it.
   */
  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = this.parts.headers.of(request);
    const { method = '' } = request;
    const isStream = method === 'GET' || BODY_METHODS.includes(method);
    const isEventSource = isStream && acceptsStream(request);
    const deadline = new Deadline();
    try {
      if (isStream) {
        await this.stream(request, response, deadline, headers);
        return;
      }
      response.setHeaders(new Map(Object.entries(headers)));
      await this.answerWithoutStream(request, response, deadline);
    } catch (error) {
      this.refuse(error, response, headers, isEventSource);
    }
  }

  /**
   * Answers a refusal. An EventSource never connects again after another status than 200. So a temporary refusal is a
   * stream that begins and ends with `closing`, if the client may be an EventSource.
   */
  private refuse(error: unknown, response: ServerResponse, headers: StreamHeaders, isEventSource: boolean): void {
    const { problems, refusals, frames } = this.parts;
    if (response.headersSent) {
      return; // The session has sent `closing`.
    }
    if (isEventSource && error instanceof Refusal && error.code === 'unavailable') {
      refusals.note(error, response.req.headers);
      new SseOutlet(response, headers, frames, SSE_HEARTBEAT_COMMENT).close(closing('unavailable', Math.random()));
      return;
    }
    response.setHeaders(new Map(Object.entries(headers)));
    problems.answer(error, response);
  }

  private async stream(
    request: IncomingMessage,
    response: ServerResponse,
    deadline: Deadline,
    headers: StreamHeaders,
  ): Promise<void> {
    const { authentication, connections, frames } = this.parts;
    checkAccept(request);
    const query = queryOf(request);
    const found = authentication.rightsOf(request, query, deadline);
    const rights = found instanceof Rights ? found : await found;
    const read = this.read(request, query, deadline);
    const asked = read instanceof StreamDto ? read : await read;
    const parameters = subscriptionParametersOf(asked, this.parts.languages, this.parts.ids);
    if (!rights.isProven) {
      await authentication.learn(rights, request, firstTickets(parameters), deadline);
    }
    freeRequest(request);
    const heartbeat = asked.heartbeat === 'event' ? SSE_HEARTBEAT_EVENT : SSE_HEARTBEAT_COMMENT;
    const outlet = new SseOutlet(response, headers, frames, heartbeat);
    const clientId = asked.client_id ?? null;
    if (rights.subject !== null) {
      await connections.admit(rights, clientId, deadline);
    }
    const session = connections.add(rights, outlet, clientId);
    response.on('close', () => connections.gone(session));
    // A client may go while something is written. That is no fault, and `close` follows.
    response.on('error', ignore);
    if (response.destroyed) {
      connections.gone(session); // The client went while its token was checked.
      return;
    }
    try {
      const subscribing = session.subscribeOnce(parameters, deadline, (ready) => outlet.ready(ready));
      if (subscribing !== null) {
        await subscribing;
      }
    } catch (error) {
      if (response.headersSent) {
        session.close('unavailable'); // A long replay had begun. Its client goes on from the last event that it has.
      }
      session.end();
      throw error;
    }
  }

  private async answerWithoutStream(
    request: IncomingMessage,
    response: ServerResponse,
    deadline: Deadline,
  ): Promise<void> {
    if (request.method === 'HEAD') {
      await this.head(request, response, deadline);
      return;
    }
    response.setHeader('allow', METHODS);
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'accept-query': 'application/json' }).end();
    } else {
      throw new MethodNotAllowedException(`served here: GET, and ${BODY_METHODS.join(' or ')} with a JSON body`);
    }
  }

  /** Checks the request as GET does, and answers without a body. */
  private async head(request: IncomingMessage, response: ServerResponse, deadline: Deadline): Promise<void> {
    checkAccept(request);
    const query = queryOf(request);
    const rights = await this.parts.authentication.rightsOf(request, query, deadline);
    const asked = readQuery(this.parts.reader, request, query);
    const { feed, caseIds } = ticketsOf(asked, this.parts.languages);
    await this.parts.authentication.learn(rights, request, { feed, caseIds }, deadline);
    rights.require(feed, caseIds);
    response.writeHead(200, SSE_HEADERS).end();
  }

  private read(request: IncomingMessage, query: URLSearchParams, deadline: Deadline): StreamDto | Promise<StreamDto> {
    const { reader } = this.parts;
    return request.method === 'GET' ? readQuery(reader, request, query) : this.readRest(request, query, deadline);
  }

  private async readRest(request: IncomingMessage, query: URLSearchParams, deadline: Deadline): Promise<StreamDto> {
    const { reader, settings } = this.parts;
    refuseQuery(query);
    return readBody(reader, request, await readJson(request, settings.requestMaxBytes, deadline));
  }
}

/** So many tickets show whether a token is good. A request for too many tickets is refused later. */
const SHOWING_TICKETS = 100;

function firstTickets({ feed, caseIds }: Tickets): Tickets {
  return { feed, caseIds: caseIds.slice(0, SHOWING_TICKETS) };
}

/** The media ranges in an `Accept` field that include an event stream. */
const ACCEPTS = /(?:^|,)\s*(?:text\/event-stream|text\/\*|\*\/\*)\s*(?:[;,]|$)/i;

/** Clients that want one JSON text would wait for its end for ever. @throws {HttpException} 406 */
function checkAccept({ headers: { accept } }: IncomingMessage): void {
  if (accept && !ACCEPTS.test(accept)) {
    throw new NotAcceptableException(
      'this is an event stream, and the request does not accept one: send Accept: text/event-stream, ' +
        'or read JSON from GET /v1/cases/{case_id}/messages',
    );
  }
}

/**
 * Whether the client accepts a stream. EventSource and its substitutes say so; programs that read statuses rarely do.
 */
function acceptsStream({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/event-stream') === true;
}

const ignore = () => undefined;
const NO_HEADERS: IncomingMessage['headers'] = {};
const NO_RAW_HEADERS: string[] = [];

/**
 * Frees the headers and the URL of the request, and so the token. The response keeps its request until the stream ends.
 */
function freeRequest(request: IncomingMessage): void {
  request.headers = NO_HEADERS;
  request.rawHeaders = NO_RAW_HEADERS;
  request.url = '';
}
