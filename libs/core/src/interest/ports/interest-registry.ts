import type { FeedKey } from '../../model/feed.js';
import type { SetRef } from '../../model/set-ref.js';
import type { DueSet } from '../../polling/ports/poll-queue.js';
import type { CaseId } from '../../model/ticket.js';

/** Why tickets are leased. `arrival`: a client came, so their sets go back to full pace. `renewal`: they are still wanted. */
export type LeaseReason = 'arrival' | 'renewal';

/** Which tickets are wanted, as leases: a ticket is polled until its lease ends. */
export interface InterestRegistry {
  /**
   * Leases tickets until `until` (ms since 1970). A longer lease stays as it is. Tickets without a set gather in the
   * staging set, which backfills them together. Then they are packed into sets that have room (invariant 4). Quarantined
   * tickets stay in quarantine.
   *
   * @returns the sets that are due earlier than before
   */
  want(feed: FeedKey, caseIds: readonly CaseId[], now: number, until: number, reason: LeaseReason): Promise<DueSet[]>;
  /**
   * Something happened to these tickets: their sets are due at once, each at most once per {@link HINT_PAUSE_MS}.
   *
   * @returns the sets that are due earlier than before
   */
  hint(feed: FeedKey, caseIds: readonly CaseId[], now: number): Promise<DueSet[]>;
  /**
   * Removes tickets whose leases have ended from their sets, ends empty sets and packs thin ones. Sets that are leased by
   * a worker are left for the next call. Tickets whose quarantine is over get a set of their own, if they are still wanted.
   *
   * @returns how many tickets were removed; call again while it is not 0
   */
  sweep(feed: FeedKey, now: number): Promise<number>;
  /** Sets that were due before `before`: their jobs are late or lost. Longest overdue first, some hundreds at most. */
  overdue(feed: FeedKey, before: number): Promise<SetRef[]>;
  /**
   * When the upstream last answered for the set of each ticket, ms since 1970, in the order of the tickets; null: never yet,
   * or the ticket is in no set.
   */
  answeredAt(feed: FeedKey, caseIds: readonly CaseId[]): Promise<(number | null)[]>;
  /**
   * The read status of each ticket as it was last committed, in the order of the tickets; null: none is known. Unlike a
   * publication, it is there as long as the ticket is wanted.
   */
  statuses(feed: FeedKey, caseIds: readonly CaseId[]): Promise<(number | null)[]>;
  /** Those of the tickets of which nothing was ever published, or nothing is kept any more. */
  unknown(feed: FeedKey, caseIds: readonly CaseId[]): Promise<CaseId[]>;
  /** The earliest due time of the feed's sets, ms since 1970; null if it has no sets. */
  earliestDue(feed: FeedKey): Promise<number | null>;
}

/** A set is polled at most once in this time because of hints, ms. */
export const HINT_PAUSE_MS = 200;
