import type { FeedKey } from '../../model/feed.js';
import type { SetRef } from '../../model/set-ref.js';
import type { DueSet } from '../../polling/ports/poll-queue.js';
import type { CaseId } from '../../model/ticket.js';

/** Why tickets are leased: a client came to them, which brings their sets back to full pace, or they are still wanted. */
export type LeaseReason = 'arrival' | 'renewal';

/** Who wants what, as leases: a ticket is polled until the last lease on it has run out. */
export interface InterestRegistry {
  /**
   * Leases tickets until `until` (ms since 1970), never shortening a lease. Tickets without a place gather in a set
   * that was not polled yet, to be primed together; sets that have room take them in once they are (invariant 4). Tickets that are apart stay so.
   *
   * @returns the sets that want a poll earlier than they did
   */
  want(feed: FeedKey, caseIds: readonly CaseId[], now: number, until: number, reason: LeaseReason): Promise<DueSet[]>;
  /**
   * Somebody knows that something happened to these tickets: their sets are due at once, each at most once per
   * {@link HINT_PAUSE_MS}.
   *
   * @returns the sets that want a poll earlier than they did
   */
  hint(feed: FeedKey, caseIds: readonly CaseId[], now: number): Promise<DueSet[]>;
  /**
   * Takes tickets whose leases have run out off their sets, ends sets that are empty and merges thin ones. Sets with
   * a poll in flight are left for the next call. Brings tickets back that were apart for long enough, each in a set of
   * its own, if they are still wanted.
   *
   * @returns how many tickets left; call again while it is not 0
   */
  sweep(feed: FeedKey, now: number): Promise<number>;
  /** Feeds that have tickets, or lately had some. */
  feeds(): Promise<FeedKey[]>;
  /**
   * Lists those feeds no longer of which nothing was left the last times they were swept.
   *
   * @param swept when the round began in which all of them were swept, ms since 1970
   */
  forget(swept: number): Promise<void>;
  /** Sets that were due before `before`: their jobs are late or lost. The latest ones first, some hundreds at most. */
  overdue(feed: FeedKey, before: number): Promise<SetRef[]>;
  /** When the feed's set that waits longest was or is due, ms since 1970; null where it has no sets. */
  earliestDue(feed: FeedKey): Promise<number | null>;
}

/** Hints poll a set at most once in this long, ms. */
export const HINT_PAUSE_MS = 200;
