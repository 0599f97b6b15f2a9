import { createHash } from 'node:crypto';
import type { CaseId, Publication } from '#core';
import type { ClientWallClock } from './client-wall-clock.js';

export interface PolledAnswer {
  /** In the order of the request. */
  readonly caseIds: readonly CaseId[];
  /** Read status of each ticket, null where none is known. */
  readonly statuses: readonly (number | null)[];
  readonly publications: readonly Publication[];
  /** The position, as text. */
  readonly lastMessageTimeId: string;
}

/**
 * The body of an answer, member by member as the upstream writes it: `imstatus` has the tickets of the request, `immsg` those
 * with new messages, in the order of the request.
 */
export function answerText(answer: PolledAnswer, clock: ClientWallClock): string {
  const { caseIds, statuses, publications, lastMessageTimeId } = answer;
  const messages = new Map<CaseId, string[]>(caseIds.map((caseId) => [caseId, []]));
  for (const publication of publications) {
    if (publication.kind === 'message') {
      messages.get(publication.caseId)?.push(clock.write(publication.message));
    }
  }
  const imstatus = caseIds.flatMap((caseId, at) => {
    const status = statuses[at] ?? null;
    return status === null ? [] : [`{"status":${status},"incident_id":${JSON.stringify(caseId)}}`];
  });
  const immsg = [...messages].flatMap(([caseId, list]) =>
    list.length === 0 ? [] : [`{"incident_id":${JSON.stringify(caseId)},"message_list":[${list.join(',')}]}`],
  );
  const position = JSON.stringify(lastMessageTimeId);
  return `{"imstatus":[${imstatus.join(',')}],"immsg":[${immsg.join(',')}],"last_message_time_id":${position}}`;
}

/** A strong entity tag. */
export function entityTag(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}
