import type { JsonText } from './json.js';
import type { CaseId } from './ticket.js';

interface Placed {
  /** Which life of the feed the offset belongs to. */
  readonly epoch: string;
  /** Place in the feed; grows by one with every publication of the feed. */
  readonly offset: number;
  /** Offset of the same ticket's publication before this one, 0 for its first: a missing one is noticed at once. */
  readonly previous: number;
}

interface Seen {
  readonly caseId: CaseId;
  /** When the poll that found it was answered, milliseconds since 1970. */
  readonly seenAt: number;
}

/** A message that the upstream shows, before it has a position. */
export interface MessageDelta extends Seen {
  readonly kind: 'message';
  /** The upstream's object, untouched. */
  readonly message: JsonText;
  /** Its `create_time` as milliseconds since 1970; null where that could not be read. */
  readonly sentAt: number | null;
}

/** A ticket's read status that changed, before it has a position. */
export interface StatusDelta extends Seen {
  readonly kind: 'status';
  /** `imstatus.status`: 0 unread, 1 read. */
  readonly status: number;
}

/** A delta at a stream position: the only thing that travels from the commit to the clients. */
export type Publication = (MessageDelta | StatusDelta) & Placed;
