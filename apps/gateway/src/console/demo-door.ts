import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { Refusal } from '#protocol';
import type { ProblemFilter } from '../http/problem.filter.js';
import { pathOf } from '../http/query.js';

const PATH = /^\/demo\/[a-z0-9/]{1,40}$/;
/** Passed on to the demo; nothing else of a request is. */
const FIELDS = ['authorization', 'content-type', 'content-length'] as const;
const RETRY_MS = 2000;

/**
 * `/demo/…`, for the console of `npm start`: requests are passed on to the program that runs the demo. It checks the token.
 * Without `CONSOLE_DEMO_URL`, which production refuses, there is no such path.
 */
export class DemoDoor {
  /** @param url empty: nothing is served */
  constructor(
    private readonly url: string,
    private readonly problems: Pick<ProblemFilter, 'answer'>,
  ) {}

  /** Passes the request on if it is for the demo. @returns whether it is */
  serves(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.url === '' || !PATH.test(pathOf(request))) {
      return false;
    }
    const { method, headers } = request;
    const fields = FIELDS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]));
    const passed = ask(new URL(pathOf(request), this.url), { method, headers: Object.fromEntries(fields) });
    passed.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
      response.flushHeaders();
      answer.pipe(response);
    });
    passed.on('error', () => {
      if (response.destroyed || response.headersSent) response.destroy();
      else {
        this.problems.answer(new Refusal('unavailable', 'the demo does not answer', { retryMs: RETRY_MS }), response);
      }
    });
    response.on('close', () => passed.destroy());
    request.pipe(passed);
    return true;
  }
}
