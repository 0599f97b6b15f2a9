import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal, TOO_MANY_REQUESTS } from '#protocol';

/** Most requests of one connection that wait behind the one that is answered. */
const PIPELINED_MAX = 16;
/** Most bytes of their URLs and headers. */
const PIPELINED_MAX_BYTES = 32_768;
/** When a client may try again that sent more requests than that, ms. */
const TOO_MANY_RETRY_MS = 1000;

/** History bounds by itself how many answers are made that nobody takes (PROTOCOL.md, H6). */
const HISTORY = /^\/v1\/cases\//i;

/** The private member of Node's HTTP server that is used here. */
type HttpSocket = Socket & {
  /** The response that owns the socket. */
  readonly _httpMessage?: ServerResponse | null;
};

/** What waits on one connection behind the request that is answered. */
interface Waiting {
  count: number;
  bytes: number;
  last: ServerResponse | null;
}

/**
 * How many requests a connection may send before it has the answers to earlier ones, and when they are served. Node gives them
 * to us all at once, and would keep each answer until those before it have left. Behind a stream or a long poll that would be
 * a whole answer of each request, for as long as the stream lasts. So they are served when their answers can leave.
 */
export class PipelineRule {
  private readonly waiting = new WeakMap<Socket, Waiting>();

  /**
   * @returns calls what it is given when the request may be served
   * @throws {Refusal} `too_many`; the connection ends after that answer
   */
  take(request: IncomingMessage, response: ServerResponse): (serve: () => void) => void {
    if (response.socket !== null) {
      return atOnce; // No other request is before it.
    }
    const socket: HttpSocket = request.socket;
    const waiting = this.waiting.get(socket) ?? { count: 0, bytes: 0, last: null };
    const bytes = bytesOf(request);
    if (waiting.count >= PIPELINED_MAX || waiting.bytes + bytes > PIPELINED_MAX_BYTES) {
      response.shouldKeepAlive = false;
      const most = `at most ${PIPELINED_MAX} requests of a connection, with ${PIPELINED_MAX_BYTES} bytes of URLs and headers, may wait behind the one that is answered`;
      throw new Refusal('too_many', most, { status: TOO_MANY_REQUESTS, retryMs: TOO_MANY_RETRY_MS });
    }
    waiting.count += 1;
    waiting.bytes += bytes;
    this.waiting.set(socket, waiting);
    response.once('close', () => {
      waiting.count -= 1;
      waiting.bytes -= bytes;
    });
    const before = waiting.last === null || waiting.last.destroyed ? socket._httpMessage : waiting.last;
    waiting.last = response;
    if (!before || HISTORY.test(request.url ?? '')) {
      return atOnce;
    }
    return (serve) => void before.once('close', serve);
  }
}

const atOnce = (serve: () => void): void => serve();

function bytesOf({ url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, url.length);
}
