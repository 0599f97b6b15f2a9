import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal, TOO_MANY_REQUESTS } from '#protocol';

/** Most requests of one connection that wait behind the one that is answered. */
const PIPELINED_MAX = 16;
/** When a client may try again that sent more requests than that, ms. */
const TOO_MANY_RETRY_MS = 1000;

/**
 * How many requests a connection may send before it has the answers to earlier ones. Node serves them all at once, and keeps
 * the answers until those before them have left.
 */
export class PipelineRule {
  /** By connection: requests that wait behind another one. */
  private readonly waiting = new WeakMap<Socket, number>();

  /** @throws {Refusal} `too_many`; the connection ends after that answer */
  check({ socket }: IncomingMessage, response: ServerResponse): void {
    if (response.socket !== null) {
      return; // No other request is before it.
    }
    const count = (this.waiting.get(socket) ?? 0) + 1;
    if (count > PIPELINED_MAX) {
      response.shouldKeepAlive = false;
      const most = `at most ${PIPELINED_MAX} requests of a connection may wait behind the one that is answered`;
      throw new Refusal('too_many', most, { status: TOO_MANY_REQUESTS, retryMs: TOO_MANY_RETRY_MS });
    }
    this.waiting.set(socket, count);
    response.once('close', () => this.waiting.set(socket, (this.waiting.get(socket) ?? 1) - 1));
  }
}
