import { IncomingMessage, ServerResponse } from 'node:http';
import { All, Controller, Get, HttpCode, MethodNotAllowedException, Options, Param, Req, Res } from '@nestjs/common';
import { CaseSnapshotDto, HISTORY_DEFAULT } from '#protocol';
import { RequestAuthentication } from '../auth/request-authentication.js';
import { Deadline } from '../edge/deadline.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import { feedOf } from '../edge/subscription-parameters.js';
import { answerTaken, hasLeft } from './answer-taken.js';
import { CaseSnapshot } from './case-snapshot.js';
import { queryOf, single, wholeNumber } from './query.js';
import { SubjectReads } from './subject-reads.js';

const METHODS = 'GET, HEAD, OPTIONS';

/** `GET /v1/cases/{case_id}/snapshot`: a ticket at one position, for pages that a server renders. */
@Controller('v1/cases/:case_id/snapshot')
export class CaseSnapshotController {
  constructor(
    private readonly authentication: RequestAuthentication,
    private readonly reader: RequestReader,
    private readonly snapshots: CaseSnapshot,
    private readonly reads: SubjectReads,
    private readonly languages: Languages,
  ) {}

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
    const owner = rights.subject ?? request.socket;
    const endTurn = await this.reads.turn({ owner, deadline, hasLeft: () => hasLeft(request) });
    if (endTurn === null) {
      return; // Nobody waits for the answer.
    }
    const reading = this.snapshots.of(feed, asked.case_id, asked.history ?? HISTORY_DEFAULT);
    const read = () => answerTaken(request, response).then(endTurn);
    void reading.then(read, read);
    const body = Buffer.from(await deadline.bound(reading));
    response
      .writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': body.length,
        'cache-control': 'no-store',
      })
      .end(body);
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
