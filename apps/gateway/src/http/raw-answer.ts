import { type Problem, PROBLEM_TYPE } from '#protocol';
import { PLAIN_HEADERS } from './answer-headers.js';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
};

/**
 * A problem as bytes, for a socket without a response: unreadable requests and handshakes. The connection ends after
 * it.
 */
export function rawAnswer(problem: Problem): string {
  const body = JSON.stringify(problem);
  const headers = Object.entries({
    ...PLAIN_HEADERS,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${problem.status} ${REASONS[problem.status] ?? 'Error'}\r\n${lines}\r\n${body}`;
}
