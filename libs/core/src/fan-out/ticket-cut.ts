import type { Publication } from '../model/publication.js';
import { isUnreadTopic, unreadTopic, type CaseId } from '../model/ticket.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { FeedStates } from './replay.js';
import type { SubscribeRequest, TicketCut } from './subscription.js';
import type { Tail } from './tail.js';

/** Most bytes that the messages of all cuts of one subscription have. One message of a ticket is never too much. */
const CUTS_MAX_BYTES = 1_048_576;

/** What is known of a feed and of its tickets at one position. */
export interface CutSource extends FeedStates {
  readonly position: StreamPosition;
  tail(caseId: CaseId): Tail;
}

/** The cuts of a request whose tickets' tails are known. */
export function ticketCuts({ caseIds, history }: SubscribeRequest, source: CutSource): TicketCut[] {
  const most = CUTS_MAX_BYTES / Math.max(1, caseIds.length);
  return caseIds
    .filter((caseId) => !isUnreadTopic(caseId))
    .map((caseId) => ({
      caseId,
      unread: caseIds.includes(unreadTopic(caseId)) ? newestUnread(source.tail(unreadTopic(caseId))) : undefined,
      status: source.readStatus(caseId),
      messages: newestWithin(source.tail(caseId).last(history, source.position.offset), most),
      isQuarantined: source.isQuarantined(caseId),
      isPending: source.isPending(caseId),
    }));
}

function newestUnread({ newest }: Tail): TicketCut['unread'] {
  return newest?.kind === 'unread' ? newest : null;
}

function newestWithin(publications: readonly Publication[], most: number): Publication[] {
  const messages = publications.filter(({ kind }) => kind === 'message');
  let bytes = 0;
  const fits = messages.findLastIndex((one, at) => {
    bytes += one.kind === 'message' ? one.message.length : 0;
    return bytes > most && at < messages.length - 1;
  });
  return messages.slice(fits + 1);
}
