import type { ServerResponse } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { httpProblem, Refusal } from '#protocol';
import { RefusalLog } from '../edge/refusal-log.js';
import { answerProblem, answerRefusal } from './problem-answer.js';

/** Answers every error of HTTP as a problem; of what is our own fault, nothing but that is told. */
@Catch()
export class ProblemFilter implements ExceptionFilter<unknown> {
  constructor(private readonly refusals: RefusalLog) {}

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host.switchToHttp().getResponse<ServerResponse>());
  }

  answer(error: unknown, response: ServerResponse): void {
    if (error instanceof HttpException && error.getStatus() < 500) {
      answerProblem(response, httpProblem(error.getStatus(), error.message));
    } else if (isBodyFault(error)) {
      answerProblem(response, httpProblem(error.status, 'the body could not be read as JSON'));
    } else if (error instanceof Refusal) {
      answerRefusal(response, this.refusals.note(error));
    } else {
      this.refusals.note(error);
      answerProblem(response, httpProblem(500, 'something went wrong on our side'));
    }
  }
}

/** What the body parser throws: too large, cut off, of an unknown charset. Its own text may quote the body. */
function isBodyFault(error: unknown): error is { readonly status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500;
}
