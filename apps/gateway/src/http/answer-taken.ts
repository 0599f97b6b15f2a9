import type { IncomingMessage, ServerResponse } from 'node:http';

/** A connection that takes no byte of an answer for this long is ended, ms. */
const STANDSTILL_MS = 30_000;

/** Whether nobody waits for the answer to a request any more: its connection has ended, or its client ends it. */
export function hasLeft(request: IncomingMessage): boolean {
  return request.destroyed || request.socket.destroyed;
}

/**
 * Resolves when the system has taken all of an answer, or when its connection has ended. Until then the answer takes memory.
 * A client that reads slowly is waited for, as long as it reads.
 *
 * @param standstillMs after so long without a byte that leaves, the connection is ended
 */
export function answerTaken(
  request: IncomingMessage,
  response: ServerResponse,
  standstillMs = STANDSTILL_MS,
): Promise<void> {
  if (response.writableFinished || hasLeft(request)) {
    return Promise.resolve();
  }
  response.setTimeout(standstillMs); // Node looks whether bytes leave, and ends the connection if none does.
  return new Promise((resolve) => {
    // Before Node's own listener: that one gives the idle connection the time that it is kept.
    response.prependOnceListener('finish', () => {
      response.socket?.setTimeout(0);
      resolve();
    });
    // An answer that waits behind another one has no connection yet, and does not hear of its end.
    response.once('close', resolve);
    request.once('close', resolve);
  });
}
