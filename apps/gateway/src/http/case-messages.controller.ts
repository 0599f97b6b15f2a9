import { IncomingMessage, ServerResponse } from 'node:http';
import { All, Controller, Get, HttpCode, MethodNotAllowedException, Options, Param, Req, Res } from '@nestjs/common';
import { CaseMessagesDto, PAGE_DEFAULT } from '#protocol';
import { RequestAuthentication } from '../auth/request-authentication.js';
import { Deadline } from '../edge/deadline.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import { feedOf } from '../edge/subscription-parameters.js';
import { answerTaken, hasLeft } from './answer-taken.js';
import { CaseHistory, type HistoryPage } from './case-history.js';
import { OlderHistory, type OlderHistoryPage } from './older-history.js';
import { queryOf, single, wholeNumber } from './query.js';
import { SubjectReads } from './subject-reads.js';

const METHODS = 'GET, HEAD, OPTIONS';

/** `GET /v1/cases/{case_id}/messages`: a ticket's history, page by page, for clients without a stream. */
@Controller('v1/cases/:case_id/messages')
export class CaseMessagesController {
  constructor(
    private readonly authentication: RequestAuthentication,
    private readonly reader: RequestReader,
    private readonly history: CaseHistory,
    private readonly older: OlderHistory,
    private readonly reads: SubjectReads,
    private readonly languages: Languages,
  ) {}

  @Get()
  async list(@Req() request: IncomingMessage, @Res() response: ServerResponse, @Param('case_id') caseId: string) {
    const query = queryOf(request);
    const deadline = new Deadline();
    const rights = await this.authentication.rightsOf(request, query, deadline);
    const asked = this.reader.read(CaseMessagesDto, {
      case_id: caseId,
      after: single(query, 'after'),
      before: single(query, 'before'),
      limit: wholeNumber(query, 'limit'),
      group_id: single(query, 'group_id'),
      language: single(query, 'language'),
    });
    const feed = feedOf(asked, this.languages);
    await this.authentication.learn(rights, request, { feed, caseIds: [asked.case_id] }, deadline);
    rights.require(feed, [asked.case_id]);
    const limit = asked.limit ?? PAGE_DEFAULT;
    const owner = rights.subject ?? request.socket;
    const endTurn = await this.reads.turn({ owner, deadline, hasLeft: () => hasLeft(request) });
    if (endTurn === null) {
      return; // Nobody waits for the answer.
    }
    const { case_id: id, after, before } = asked;
    const reading: Promise<HistoryPage | OlderHistoryPage> =
      before === undefined
        ? this.history.page(feed, id, after, limit)
        : this.older.page(feed, id, { before, after, limit }, deadline);
    // A read that takes too long goes on. So it ends the turn itself.
    const read = () => answerTaken(request, response).then(endTurn);
    void reading.then(read, read);
    answerPage(response, await deadline.bound(reading));
  }

  @Options()
  @HttpCode(204)
  options(@Res({ passthrough: true }) response: ServerResponse): void {
    response.setHeader('allow', METHODS);
  }

  @All()
  refuseMethod(@Res({ passthrough: true }) response: ServerResponse): never {
    response.setHeader('allow', METHODS);
    throw new MethodNotAllowedException('only GET is served here');
  }
}

function answerPage(response: ServerResponse, page: HistoryPage | OlderHistoryPage): void {
  const { events, lastEventId, more } = page;
  const before = 'before' in page ? `,"before":${JSON.stringify(page.before)}` : '';
  const body = Buffer.from(`{"events":[${events.join(',')}],"last_event_id":"${lastEventId}","more":${more}${before}}`);
  response
    .writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'cache-control': 'no-store',
    })
    .end(body);
}
