import type { FeedKey } from '../feed.js';
import type { SetRef } from '../ticket-set.js';
import type { CaseId } from '../ticket.js';

/** Who wants what, as leases: a ticket is polled until the last lease on it has run out. */
export interface InterestRegistry {
  /**
   * Leases tickets until `until` (ms since 1970), never shortening a lease, and gives each a place in a ticket set:
   * the fullest open one of the feed, else a new one.
   *
   * @returns the sets that have tickets waiting to join, which want a poll now
   */
  want(feed: FeedKey, caseIds: readonly CaseId[], now: number, until: number): Promise<SetRef[]>;
  /**
   * Takes tickets whose leases have run out off their sets and ends sets that are empty.
   * @returns how many tickets left; call again while it is not 0
   */
  sweep(feed: FeedKey, now: number): Promise<number>;
  /** Feeds that have or lately had interest. */
  feeds(): Promise<FeedKey[]>;
  /** Sets that were due before `before`: their jobs are late or lost. */
  overdue(feed: FeedKey, before: number): Promise<SetRef[]>;
}

/** The work queue, as core sees it: it carries work and never holds the truth. */
export interface PollQueue {
  /** Makes sure that each set's job exists and runs now. Idempotent. */
  wake(sets: readonly SetRef[]): Promise<void>;
}
