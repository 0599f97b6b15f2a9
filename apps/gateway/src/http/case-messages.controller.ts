import { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { CaseMessagesDto, PAGE_DEFAULT } from '#protocol';
import { RequestAuthentication } from '../auth/request-authentication.js';
import { Deadline } from '../edge/deadline.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import { feedOf } from '../edge/subscription-parameters.js';
import { answerInTurn } from './answer-in-turn.js';
import { CaseHistory, type HistoryPage } from './case-history.js';
import { OlderHistory, type OlderHistoryPage } from './older-history.js';
import { queryOf, single, wholeNumber } from './query.js';
import { ServedMethods } from './served-methods.js';
import { SubjectReads } from './subject-reads.js';

/** `GET /v1/cases/{case_id}/messages`: a ticket's history, page by page, for clients without a stream. */
@Controller('v1/cases/:case_id/messages')
export class CaseMessagesController extends ServedMethods {
  constructor(
    private readonly authentication: RequestAuthentication,
    private readonly reader: RequestReader,
    private readonly history: CaseHistory,
    private readonly older: OlderHistory,
    private readonly reads: SubjectReads,
    private readonly languages: Languages,
  ) {
    super('GET, HEAD, OPTIONS', 'only GET is served here');
  }

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
    const { case_id: id, after, before } = asked;
    await answerInTurn(this.reads, { request, response, rights, deadline }, async () =>
      pageText(
        before === undefined
          ? await this.history.page(feed, id, after, limit)
          : await this.older.page(feed, id, { before, after, limit }, deadline),
      ),
    );
  }
}

function pageText(page: HistoryPage | OlderHistoryPage): string {
  const { events, lastEventId, more } = page;
  const before = 'before' in page ? `,"before":${JSON.stringify(page.before)}` : '';
  return `{"events":[${events.join(',')}],"last_event_id":"${lastEventId}","more":${more}${before}}`;
}
