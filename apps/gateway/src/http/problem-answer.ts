import type { ServerResponse } from 'node:http';
import { type Problem, PROBLEM_TYPE, type Refusal, refusalProblem, retryMsOf } from '#protocol';

/** Answers with a problem, unless an answer was sent already. */
export function answerProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (problem.status === 401 && !response.hasHeader('www-authenticate')) {
    response.setHeader('www-authenticate', 'Bearer');
  }
  if (problem.status === 408) {
    response.shouldKeepAlive = false; // What is left of the body would stand before the next request.
  }
  const body = JSON.stringify(problem);
  response
    .writeHead(problem.status, {
      'content-type': PROBLEM_TYPE,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    })
    .end(body);
}

/** The value of `Retry-After`: whole seconds, at least one (RFC 9110, 10.2.3). */
export function retryAfterOf(retryMs: number): number {
  return Math.max(1, Math.ceil(retryMs / 1000));
}

/** Answers with a refusal, with `Retry-After` if the time is known. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  const retryMs = retryMsOf(refusal);
  if (retryMs !== undefined && !response.headersSent) {
    response.setHeader('retry-after', retryAfterOf(retryMs));
  }
  answerProblem(response, refusalProblem(refusal));
}
