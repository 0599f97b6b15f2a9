import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Problem, PROBLEM_TYPE, type Refusal, refusalProblem, retryMsOf } from '#protocol';
import { largeBodyBytes } from './large-body.js';
import { mayReadOn } from './read-on.js';

/** Answers with a problem, unless an answer was sent already. */
export function answerProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (problem.status === 401 && !response.hasHeader('www-authenticate')) {
    response.setHeader('www-authenticate', 'Bearer');
  }
  if (problem.status === 408 || !mayReadBody(response.req, problem)) {
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

/** Whether the rest of a body may be read for the client to hear the answer. It has shown no token, or has to come back. */
function mayReadBody(request: IncomingMessage, { status }: Problem): boolean {
  return request.complete || (status !== 401 && status !== 503) || mayReadOn(largeBodyBytes(request));
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
