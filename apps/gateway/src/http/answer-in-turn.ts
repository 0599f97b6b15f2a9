import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Rights } from '../auth/rights.js';
import type { Deadline } from '../edge/deadline.js';
import { answerTaken, hasLeft } from './answer-taken.js';
import type { SubjectReads } from './subject-reads.js';

/** A request that reads what is kept of a ticket. Its rights are looked at already. */
export interface TicketRead {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly rights: Rights;
  readonly deadline: Deadline;
}

/**
 * Reads when it is the subject's turn, and answers with what was read. Nothing is read for a client that has left.
 *
 * @param read resolves with the body, a JSON text
 * @throws {Refusal} as {@link SubjectReads.turn}, `unavailable` where the deadline passes, and what `read` throws
 */
export async function answerInTurn(
  reads: SubjectReads,
  { request, response, rights, deadline }: TicketRead,
  read: () => Promise<string>,
): Promise<void> {
  const owner = rights.subject ?? request.socket;
  const endTurn = await reads.turn({ owner, deadline, hasLeft: () => hasLeft(request) });
  if (endTurn === null) {
    return; // Nobody waits for the answer.
  }
  const reading = read();
  // A read that takes too long goes on. So it ends the turn itself.
  const hasRead = () => answerTaken(request, response).then(endTurn);
  void reading.then(hasRead, hasRead);
  const body = Buffer.from(await deadline.bound(reading));
  response
    .writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'cache-control': 'no-store',
    })
    .end(body);
}
