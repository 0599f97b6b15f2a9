import { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { CaseSnapshotDto, HISTORY_DEFAULT } from '#protocol';
import { RequestAuthentication } from '../auth/request-authentication.js';
import { Deadline } from '../edge/deadline.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import { feedOf } from '../edge/subscription-parameters.js';
import { answerInTurn } from './answer-in-turn.js';
import { CaseSnapshot } from './case-snapshot.js';
import { queryOf, single, wholeNumber } from './query.js';
import { ServedMethods } from './served-methods.js';
import { SubjectReads } from './subject-reads.js';

/** `GET /v1/cases/{case_id}/snapshot`: a ticket at one position, for pages that a server renders. */
@Controller('v1/cases/:case_id/snapshot')
export class CaseSnapshotController extends ServedMethods {
  constructor(
    private readonly authentication: RequestAuthentication,
    private readonly reader: RequestReader,
    private readonly snapshots: CaseSnapshot,
    private readonly reads: SubjectReads,
    private readonly languages: Languages,
  ) {
    super('GET, HEAD, OPTIONS', 'only GET is served here');
  }

  @Get()
  async read(@Req() request: IncomingMessage, @Res() response: ServerResponse, @Param('case_id') caseId: string) {
    const query = queryOf(request);
    const deadline = new Deadline();
    const rights = await this.authentication.rightsOf(request, query, deadline);
    const asked = this.reader.read(CaseSnapshotDto, {
      case_id: caseId,
      history: wholeNumber(query, 'history'),
      group_id: single(query, 'group_id'),
      language: single(query, 'language'),
    });
    const feed = feedOf(asked, this.languages);
    await this.authentication.learn(rights, request, { feed, caseIds: [asked.case_id] }, deadline);
    rights.require(feed, [asked.case_id]);
    await answerInTurn(this.reads, { request, response, rights, deadline }, () =>
      this.snapshots.of(feed, asked.case_id, asked.history ?? HISTORY_DEFAULT),
    );
  }
}
