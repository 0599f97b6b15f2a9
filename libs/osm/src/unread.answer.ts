import { UpstreamFailure, type UnreadCount } from '#core';
import type { HttpAnswer } from './http-exchange.js';
import { topOfAnswer } from './older.answer.js';
import { listOf, asObject } from './osm.parser.js';

/** `unread_num` and `status` are whole numbers (the documentation: 0 to 65535, 0 to 20). */
function wholeOf(value: unknown, path: string): number | null {
  const known = value ?? null;
  if (known !== null && (typeof known !== 'number' || !Number.isSafeInteger(known) || known < 0)) {
    throw new UpstreamFailure('malformed', `${path} is not a whole number`);
  }
  return known;
}

/** The counts of an answer to "Querying Unread Messages". @throws {UpstreamFailure} for everything that is not an answer */
export function readUnread(answer: HttpAnswer, now: number): readonly UnreadCount[] {
  const counts: UnreadCount[] = [];
  listOf(topOfAnswer(answer, now), 'imunread', 'imunread').forEach((entry, index) => {
    if (entry === null) {
      return;
    }
    const path = `imunread[${index}]`;
    const { incident_id: caseId, unread_num: num, status } = asObject(entry, path);
    const unreadNum = wholeOf(num, `${path}.unread_num`);
    if (typeof caseId === 'string' && unreadNum !== null) {
      counts.push({ caseId, unreadNum, status: wholeOf(status, `${path}.status`) });
    }
  });
  return counts;
}
