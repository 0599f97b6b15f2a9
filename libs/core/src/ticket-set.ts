import type { CursorTrail } from './cursor.js';
import type { ListingOrder } from './delta.js';
import type { FeedKey } from './feed.js';
import type { Search } from './search.js';
import type { CaseId } from './ticket.js';

/** Names a ticket set. Ids are never used again within a life of the feed, so a set that is gone stays gone. */
export interface SetRef {
  readonly feed: FeedKey;
  readonly id: number;
}

/** The one text form of a set's name: in memory, as a job id (which may hold no `:`; feed keys hold none), on channels. */
export function setName(ref: SetRef): string {
  return `${ref.feed}/${ref.id}`;
}

/** A ticket set as a poll finds it: up to `UPSTREAM_MAX_CASE_IDS` tickets of one feed that share one cursor. */
export interface TicketSet {
  readonly ref: SetRef;
  /** Grows with every commit: a commit that names another one lost the race and is discarded (invariant 2). */
  readonly fence: number;
  /** Tickets that the cursor covers. */
  readonly members: readonly CaseId[];
  /** Tickets that wait to be polled from the beginning once, so that the cursor covers them too (invariant 4). */
  readonly joining: readonly CaseId[];
  readonly trail: CursorTrail | null;
  /** Digest of the last committed answer to the members' poll, null before the first. */
  readonly answerDigest: string | null;
  readonly order: ListingOrder;
  /** When the set last showed life, milliseconds since 1970. */
  readonly livelyAt: number;
  /** When it is next due, milliseconds since 1970. */
  readonly dueAt: number;
  /** Failed polls in a row. */
  readonly failures: number;
  /** The search for a ticket that the upstream refuses; null while there is none. */
  readonly search: Search | null;
}

/** A ticket set and when it wants to be polled, milliseconds since 1970. */
export interface DueSet {
  readonly ref: SetRef;
  readonly at: number;
}
