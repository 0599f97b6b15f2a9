import type { Duplex } from 'node:stream';
import { type Problem, PROBLEM_TYPE } from '#protocol';
import { PLAIN_HEADERS } from './answer-headers.js';
import { retryAfterOf } from './problem-answer.js';
import { mayReadOn } from './read-on.js';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
};

/** How long a client may take to read an answer with which its connection ends, ms. */
const READ_WITHIN_MS = 5000;
/**
 * Answers with a problem on a socket without a response: unreadable requests and handshakes. The connection ends after it.
 *
 * What the client sends meanwhile is read and thrown away: a socket that is closed with unread bytes is reset, and the
 * client may lose the answer. Where many clients send much, they are closed at once ({@link mayReadOn}).
 *
 * @param retryMs when to try again; absent if waiting does not help
 */
export function endWith(socket: Duplex, problem: Problem, retryMs?: number): void {
  const timer = setTimeout(() => socket.destroy(), READ_WITHIN_MS).unref();
  socket.removeAllListeners('data'); // Node's parser, which has failed, would fail again.
  socket.on('data', (piece: Buffer) => mayReadOn(piece.length) || socket.destroy()).on('error', ignore);
  socket.once('close', () => clearTimeout(timer));
  socket.end(bytesOf(problem, retryMs));
}

/**
 * Answers like {@link endWith}, and closes the socket without waiting for the client to read: for clients that would only
 * go on to hold it.
 *
 * @param retryMs when to try again; absent if waiting does not help
 */
export function endAtOnceWith(socket: Duplex, problem: Problem, retryMs?: number): void {
  socket.on('error', ignore).end(bytesOf(problem, retryMs), () => socket.destroy());
}

const ignore = () => undefined;

function bytesOf(problem: Problem, retryMs?: number): string {
  const body = JSON.stringify(problem);
  const headers = Object.entries({
    ...PLAIN_HEADERS,
    'content-type': PROBLEM_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...(retryMs !== undefined && { 'retry-after': retryAfterOf(retryMs) }),
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${problem.status} ${REASONS[problem.status] ?? 'Error'}\r\n${lines}\r\n${body}`;
}
