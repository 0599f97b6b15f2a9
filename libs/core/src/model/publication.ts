import type { JsonText } from './json.js';
import type { CaseId } from './ticket.js';

interface Placed {
  /** The numbering of the feed that the offset belongs to. */
  readonly epoch: string;
  /** Number of the publication in the feed; grows by one with every publication of the feed. */
  readonly offset: number;
  /** Offset of the ticket's publication before this one, 0 for its first. A gateway notices a missing one by it. */
  readonly previous: number;
}

interface Seen {
  readonly caseId: CaseId;
  /** When the poll that found this was answered, milliseconds since 1970. */
  readonly seenAt: number;
}

/** A message that the upstream shows, before it has a position. */
export interface MessageDelta extends Seen {
  readonly kind: 'message';
  /** The upstream's object, unchanged. */
  readonly message: JsonText;
  /** Its `create_time` as milliseconds since 1970; null if it could not be read. */
  readonly sentAt: number | null;
}

/** A ticket's read status that changed, before it has a position. */
export interface StatusDelta extends Seen {
  readonly kind: 'status';
  /** `imstatus.status`: 0 unread, 1 read. */
  readonly status: number;
}

/** How many messages of a ticket the account has not read, as it changed, before it has a position. */
export interface UnreadDelta extends Seen {
  readonly kind: 'unread';
  readonly unreadNum: number;
  /** `imunread.status`: 1 online, 0 offline; null: it is not known. */
  readonly status: number | null;
}

/** A message, a status or an unread count at a stream position. Nothing else goes to the clients. */
export type Publication = (MessageDelta | StatusDelta | UnreadDelta) & Placed;
