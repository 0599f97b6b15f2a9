/** Id of one support ticket, called `case_id` or `incident_id` by the upstream. See {@link CASE_ID_PATTERN}. */
export type CaseId = string;

/**
 * A valid case id: 1 to 64 visible ASCII characters without a comma. White space and control characters are refused, because
 * the store joins ids with line feeds, and because ids appear in query strings, logs and channel names. Commas are refused,
 * because many clients join ids with them: `case_ids=A,B` means two tickets.
 */
export const CASE_ID_PATTERN = /^[\x21-\x2b\x2d-\x7e]{1,64}$/;

/** A comma is in no ticket's id. */
const UNREAD = ',unread';

/** The name under which the unread counts of a ticket are kept and published: beside its messages, for those who ask. */
export function unreadTopic(caseId: CaseId): CaseId {
  return caseId + UNREAD;
}

export function isUnreadTopic(name: CaseId): boolean {
  return name.endsWith(UNREAD);
}

/** The ticket of a name: of its own, or of its unread counts. */
export function ticketOf(name: CaseId): CaseId {
  return isUnreadTopic(name) ? name.slice(0, -UNREAD.length) : name;
}

/** Largest number of tickets in one request to the upstream (its documentation, parameter `case_ids`). */
export const UPSTREAM_CASE_IDS_MAX = 100;
