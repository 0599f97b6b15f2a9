import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpProblem } from '#protocol';
import { Deadline } from '../edge/deadline.js';
import { answerProblem } from './problem-answer.js';

const deadlines = new WeakMap<IncomingMessage, Deadline>();

/** The deadline of a request that Express serves. It begins when it is first asked for. */
export function deadlineOf(request: IncomingMessage): Deadline {
  const deadline = deadlines.get(request) ?? new Deadline();
  deadlines.set(request, deadline);
  return deadline;
}

/** Begins the deadline of each request before its body is read, and refuses a body that is not complete by then. */
export function requestDeadline(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const { leftMs } = deadlineOf(request);
  if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined) {
    const timer = setTimeout(() => {
      response.shouldKeepAlive = false; // What is left of the body would be taken for the next request.
      answerProblem(response, httpProblem(408, 'the body was not complete in time'));
    }, leftMs);
    request.once('end', () => clearTimeout(timer));
    response.once('close', () => clearTimeout(timer));
  }
  next();
}
