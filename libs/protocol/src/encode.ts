import {
  ticketOf,
  type Feed,
  type Notice,
  type Publication,
  type StreamPosition,
  type TicketCut,
  type UpstreamState,
} from '#core';
import type { EventId, GapData, UpstreamData } from './events.js';

/**
 * The data of a `message` or `status` event as JSON text. The upstream's object is inserted as text, without parsing.
 *
 * @param id of the publication's position
 */
export function encodePublication(publication: Publication, id: EventId, groupId: string | undefined): string {
  const group = groupId === undefined ? '' : `"group_id":${JSON.stringify(groupId)},`;
  const head = `{"id":"${id}","case_id":${JSON.stringify(ticketOf(publication.caseId))},${group}`;
  const seenAt = instant(publication.seenAt);
  if (publication.kind === 'status') {
    return `${head}"status":${publication.status},"seen_at":"${seenAt}"}`;
  }
  if (publication.kind === 'unread') {
    return `${head}"unread_num":${publication.unreadNum},"status":${publication.status},"seen_at":"${seenAt}"}`;
  }
  const sentAt = publication.sentAt === null ? 'null' : `"${instant(publication.sentAt)}"`;
  return `${head}"message":${publication.message},"sent_at":${sentAt},"seen_at":"${seenAt}"}`;
}

/**
 * The data of a `snapshot` event as JSON text.
 *
 * @param id of its position
 */
export function encodeSnapshot(
  { caseId, status, messages, isQuarantined, isPending, unread }: TicketCut,
  id: EventId,
  groupId: string | undefined,
  ids: { idOf(position: StreamPosition): EventId },
): string {
  const group = groupId === undefined ? '' : `"group_id":${JSON.stringify(groupId)},`;
  const texts = messages.map((message) => encodePublication(message, ids.idOf(message), groupId));
  const head = `{"id":"${id}","case_id":${JSON.stringify(caseId)},${group}"status":${status}`;
  const count = unread === undefined ? '' : `,"unread":${unreadText(unread)}`;
  const state = `"revoked":${isQuarantined},"pending":${isPending && !isQuarantined}`;
  return `${head},"messages":[${texts.join(',')}],${state}${count}}`;
}

function unreadText(unread: NonNullable<TicketCut['unread']> | null): string {
  return unread === null ? 'null' : `{"unread_num":${unread.unreadNum},"status":${unread.status}}`;
}

/** The data of a `gap` event. */
export function gapData(
  notice: Extract<Notice, { kind: 'gap' }>,
  { groupId }: Feed,
  ids: { idOf(position: StreamPosition): EventId },
): GapData {
  return {
    case_ids: notice.caseIds,
    ...(groupId !== undefined && { group_id: groupId }),
    reason: notice.reason,
    ...(notice.reason === 'history_truncated' && { after: ids.idOf(notice.after), before: ids.idOf(notice.before) }),
  };
}

/** The data of an `upstream` event. */
export function upstreamData(state: UpstreamState, groupId: string | undefined): UpstreamData {
  return {
    ...(groupId !== undefined && { group_id: groupId }),
    state: state.state,
    ...(state.state === 'degraded' && { reason: state.reason }),
    since: instant(state.since),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
