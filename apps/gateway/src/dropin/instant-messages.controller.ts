import { randomUUID } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { All, Controller, Get, HttpCode, Options, Req, Res } from '@nestjs/common';
import { type Notice, type ResumeFrom } from '#core';
import { GatewaySettings } from '#ops';
import {
  InstantMessagesDto,
  PositionIds,
  Refusal,
  retryMsOf,
  UPSTREAM_INTERNAL,
  upstreamErrorOf,
  type UpstreamError,
} from '#protocol';
import type { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import { Languages } from '../edge/languages.js';
import { RefusalLog } from '../edge/refusal-log.js';
import { RequestReader } from '../edge/request-reader.js';
import { feedOf, type Tickets } from '../edge/subscription-parameters.js';
import { answerTaken, hasLeft } from '../http/answer-taken.js';
import { retryAfterOf } from '../http/problem-answer.js';
import { queryOf, single, wholeNumber } from '../http/query.js';
import { SubjectReads } from '../http/subject-reads.js';
import { ClientWallClock } from './client-wall-clock.js';
import { DropInAuthentication } from './drop-in-authentication.js';
import { DropInPolls, type Polled } from './drop-in-polls.js';
import { answerText, entityTag } from './polled-answer.js';
import { timeOfCursor } from './upstream-cursor.js';

const METHODS = 'GET, OPTIONS';
const JSON_TYPE = 'application/json;charset=utf-8';
/** When a client may poll again whose tickets were not answered for yet, s. */
const PENDING_RETRY_S = '1';
/** Polls of one subject that wait for their turn: a backend polls for all of its users as one subject. */
const POLLS_WAITING_MAX = 1000;
/** The service has no such operation. */
const NO_OPERATION: UpstreamError = {
  error_code: 'APIGW.0101',
  error_msg: 'The API does not exist: only GET is served',
};

/** One request, understood. */
interface Asked extends Tickets {
  readonly from: ResumeFrom;
  readonly since: number | null;
  readonly waitMs: number;
  readonly clock: ClientWallClock;
}

/**
 * `GET /v2/servicerequest/cases/instant-messages`: the upstream's own contract, for clients that poll. They need nothing but
 * another endpoint, and cost the upstream nothing.
 */
@Controller('v2/servicerequest/cases/instant-messages')
export class InstantMessagesController {
  private readonly turns = new SubjectReads(POLLS_WAITING_MAX);

  constructor(
    private readonly authentication: DropInAuthentication,
    private readonly reader: RequestReader,
    private readonly polls: DropInPolls,
    private readonly languages: Languages,
    private readonly ids: PositionIds,
    private readonly refusals: RefusalLog,
    private readonly settings: GatewaySettings,
  ) {}

  @Get()
  async list(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    response.setHeader('x-request-id', randomUUID());
    try {
      await this.poll(request, response);
    } catch (error) {
      this.refuse(error, request, response);
    }
  }

  @Options()
  @HttpCode(204)
  options(@Res({ passthrough: true }) response: ServerResponse): void {
    response.setHeader('allow', METHODS);
  }

  @All()
  refuseMethod(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.refusals.count({ code: 'method_not_allowed', detail: NO_OPERATION.error_msg }, request.headers);
    answer(response.setHeader('allow', METHODS), 405, JSON.stringify(NO_OPERATION));
  }

  private async poll(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = queryOf(request);
    const deadline = new Deadline();
    let asked: Asked | undefined;
    const read = () => (asked ??= this.read(request, query));
    // The identity is looked at before the parameters, as the upstream does.
    const rights = await this.authentication.require(request, query, read, deadline);
    const { feed, caseIds, ...rest } = read();
    const polled = await this.polls.poll({
      ...rest,
      ...{ feed, caseIds, subject: rights.subject ?? '' },
      hasLeft: () => hasLeft(request),
      onLeft: (leave) => void request.once('close', leave),
    });
    if (polled !== null) {
      await this.authentication.again(rights, request, query, { feed, caseIds }, new Deadline());
      await this.answer(request, response, rights, read(), polled);
    }
  }

  private read(request: IncomingMessage, query: URLSearchParams): Asked {
    const { 'x-language': language, 'x-time-zone': zone } = request.headers;
    const asked = this.reader.read(InstantMessagesDto, {
      case_ids: query.getAll('case_ids').flatMap((text) => text.split(',')),
      group_id: single(query, 'group_id'),
      last_message_time_id: single(query, 'last_message_time_id'),
      wait: wholeNumber(query, 'wait'),
      language: language || undefined,
    });
    const since = timeOfCursor(asked.last_message_time_id ?? '');
    return {
      feed: feedOf(asked, this.languages),
      caseIds: [...new Set(asked.case_ids)],
      from: since === null ? this.ids.resumeFrom(asked.last_message_time_id) : { kind: 'start' },
      since,
      waitMs: (asked.wait ?? 0) * 1000,
      clock: new ClientWallClock(this.settings.upstreamTimeZone, typeof zone === 'string' && zone ? zone : undefined),
    };
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    rights: Rights,
    { caseIds, clock }: Asked,
    polled: Polled,
  ): Promise<void> {
    const owner = rights.subject ?? request.socket;
    const endTurn = await this.turns.turn({ owner, deadline: new Deadline(), hasLeft: () => hasLeft(request) });
    if (endTurn === null) {
      return;
    }
    try {
      this.write(request, response, { ...polled, caseIds, clock });
      await answerTaken(request, response);
    } finally {
      endTurn();
    }
  }

  private write(
    request: IncomingMessage,
    response: ServerResponse,
    polled: Polled & Pick<Asked, 'caseIds' | 'clock'>,
  ): void {
    const { caseIds, clock, statuses, publications } = polled;
    const lastMessageTimeId = this.ids.idOf(polled.position);
    const body = answerText({ caseIds, statuses, publications, lastMessageTimeId }, clock);
    const tag = entityTag(body);
    Object.entries(headersOf(polled)).forEach(([name, value]) => response.setHeader(name, value));
    response.setHeader('etag', tag).setHeader('cache-control', 'private, no-cache');
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304).end();
    } else {
      answer(response, 200, body);
    }
  }

  private refuse(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    response.setHeader('cache-control', 'no-store');
    const refusal = this.refusals.note(error, request.headers);
    if (!(error instanceof Refusal)) {
      answer(response, 500, JSON.stringify(UPSTREAM_INTERNAL));
      return;
    }
    const retryMs = retryMsOf(refusal);
    if (retryMs !== undefined) {
      response.setHeader('retry-after', retryAfterOf(retryMs));
    }
    const { status, body } = upstreamErrorOf(refusal);
    const requestId = response.getHeader('x-request-id');
    answer(
      response,
      status,
      JSON.stringify(body.error_code.startsWith('APIGW.') ? { ...body, request_id: requestId } : body),
    );
  }
}

/** What the upstream's contract has no member for. */
function headersOf({ notices, isPending, isFull }: Polled): Record<string, string> {
  const last = <Kind extends Notice['kind']>(kind: Kind) =>
    notices.findLast((notice): notice is Extract<Notice, { kind: Kind }> => notice.kind === kind);
  const [gap, revoked, upstream] = [last('gap'), last('revoked'), last('upstream')];
  return {
    'pollcast-backfill': isPending ? 'pending' : 'complete',
    ...(isPending && { 'retry-after': PENDING_RETRY_S }),
    ...(isFull && { 'pollcast-more': 'true' }),
    ...(gap && { 'pollcast-gap': gap.reason }),
    ...(revoked && { 'pollcast-revoked': revoked.caseIds.join(',') }),
    ...(upstream?.state.state === 'degraded' && { 'pollcast-upstream': upstream.state.reason }),
  };
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) }).end(body);
}
