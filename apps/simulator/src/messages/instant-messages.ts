import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type ApiError, errorBody, invalidParameter, noPermission, sendText } from '../api-error.js';
import { type Clock } from '../clock.js';
import { type Fault } from '../faults/fault.js';
import { type Faults } from '../faults/faults.js';
import { misbehave } from '../faults/misbehave.js';
import { type Gate } from '../identity/gate.js';
import { type Tokens } from '../identity/tokens.js';
import { type Quirks } from '../quirks.js';
import { type Traffic } from '../traffic/traffic.js';
import { type AnswerWriter, type Poll } from './answer.js';
import { readCursor } from './cursor.js';
import { type Queries, Query, type QueryReading } from './query.js';
import { WallClocks } from './wall-clock.js';

export const INSTANT_MESSAGES_PATH = '/v2/servicerequest/cases/instant-messages';

const DEFAULT_LANGUAGE = 'zh-cn';
const DEFAULT_TIME_ZONE = 'GMT+8';

export interface InstantMessagesParts {
  readonly queries: Queries;
  readonly answers: AnswerWriter;
  readonly gate: Gate;
  readonly tokens: Tokens;
  readonly faults: Faults;
  readonly quirks: Quirks;
  readonly traffic: Traffic;
  readonly clock: Clock;
}

/**
 * `GET /v2/servicerequest/cases/instant-messages`. It is a plain handler in front of Nest, because benchmarks poll it
 * thousands of times a second, and its CPU time disturbs what they measure.
 */
export class InstantMessages {
  private readonly zones = new WallClocks();

  constructor(private readonly parts: InstantMessagesParts) {}

  static isMeantBy({ method, url = '' }: IncomingMessage): boolean {
    return method === 'GET' && (url === INSTANT_MESSAGES_PATH || url.startsWith(`${INSTANT_MESSAGES_PATH}?`));
  }

  /** Checks in the order of the upstream: first the identity (API gateway), then the parameters (service). */
  handle(req: IncomingMessage, res: ServerResponse): void {
    const { queries, gate, faults, quirks, traffic } = this.parts;
    const requestId = randomUUID();
    const { query, cursor } = queries.read((req.url ?? '').slice(INSTANT_MESSAGES_PATH.length + 1));
    const language = headerOf(req, 'x-language') ?? DEFAULT_LANGUAGE;
    res.setHeader('X-Request-Id', requestId);
    const userAgent = headerOf(req, 'user-agent');
    const traceparent = headerOf(req, 'traceparent');
    traffic.begin({ query: query instanceof Query ? query : undefined, cursor, language, userAgent, traceparent }, res);

    const refusal = gate.refusal(req);
    if (refusal) return refuse(res, refusal, requestId);
    const poll = this.understand(req, query, cursor);
    if ('code' in poll) return refuse(res, poll, requestId);
    if (!this.parts.tokens.mayRead(headerOf(req, 'x-auth-token'), poll.query.caseIds)) {
      return refuse(res, noPermission(403), requestId);
    }

    const fault = faults.take('messages', poll.query.caseIds, cursor);
    if (fault?.kind === 'token_expired') this.revokeTokenOf(req);
    const respond = (): void => this.respond(poll, fault, res, requestId);
    const latencyMs = quirks.draw(quirks.current.latency_ms);
    if (latencyMs === 0) return respond();
    const timer = setTimeout(respond, latencyMs);
    res.once('close', () => clearTimeout(timer));
  }

  private understand(req: IncomingMessage, query: QueryReading, cursor: string | undefined): Poll | ApiError {
    if (!(query instanceof Query)) return invalidParameter(query.reason);
    const since = cursor === undefined ? undefined : readCursor(cursor, this.parts.quirks.current.cursor_bound);
    if (cursor !== undefined && !since) return invalidParameter('last_message_time_id');
    const zone = this.zones.get(headerOf(req, 'x-time-zone') ?? DEFAULT_TIME_ZONE);
    if (!zone) return invalidParameter('X-Time-Zone');
    const site = headerOf(req, 'x-site');
    if (site !== undefined && site !== '0' && site !== '1') return invalidParameter('X-Site');
    return { query, since, zone };
  }

  private respond(poll: Poll, fault: Fault | undefined, res: ServerResponse, requestId: string): void {
    const body = (): string => this.parts.answers.write(poll, this.parts.clock.now());
    if (fault) misbehave(fault, res, requestId, () => ({ status: 200, headers: {}, body: body() }));
    else sendText(res, 200, body());
  }

  private revokeTokenOf(req: IncomingMessage): void {
    this.parts.tokens.revoke(headerOf(req, 'x-auth-token') ?? '');
  }
}

const refuse = (res: ServerResponse, error: ApiError, requestId: string): void =>
  sendText(res, error.status, errorBody(error, requestId));

/** A header. Undefined if it is absent or empty; the first value if it is repeated, which the documentation forbids. */
function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
