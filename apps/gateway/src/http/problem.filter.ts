import type { ServerResponse } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { httpProblem, type Problem, Refusal } from '#protocol';
import { LostPage } from '../console/lost-page.js';
import { RefusalLog } from '../edge/refusal-log.js';
import { answerProblem, answerRefusal } from './problem-answer.js';

/** What Nest says of a path without a route. It quotes the URL, with the token of its query. */
const NO_ROUTE = /^Cannot [A-Z]+ /;
const PATHS =
  'nothing is served at this path: event streams are at /v1/events, history is at /v1/cases/{case_id}/messages, ' +
  'hints are at /v1/hints, and Socket.IO is at /socket.io/';

/**
 * Answers every error of an HTTP request as a problem. An error that is a fault of the gateway is answered without its
 * text.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter<unknown> {
  constructor(
    private readonly refusals: RefusalLog,
    private readonly lostPage = new LostPage({ console: false, docs: false }),
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host.switchToHttp().getResponse<ServerResponse>());
  }

  answer(error: unknown, response: ServerResponse): void {
    if (error instanceof HttpException && error.getStatus() < 500) {
      const isUnknown = NO_ROUTE.test(error.message);
      const detail = isUnknown ? PATHS : error.message;
      if (isUnknown && this.lostPage.answers(response)) return;
      this.refuse(httpProblem(error.getStatus(), detail), response);
    } else if (isUnreadable(error)) {
      this.refuse(httpProblem(error.status, 'the path could not be read'), response);
    } else if (error instanceof Refusal) {
      answerRefusal(response, this.refusals.note(error, response.req.headers));
    } else {
      this.refusals.note(error, response.req.headers);
      answerProblem(response, httpProblem(500, 'something went wrong on our side'));
    }
  }

  private refuse(problem: Problem, response: ServerResponse): void {
    this.refusals.count(problem, response.req.headers);
    answerProblem(response, problem);
  }
}

/** Whether Express threw it because a path could not be decoded. */
function isUnreadable(error: unknown): error is { readonly status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500;
}
