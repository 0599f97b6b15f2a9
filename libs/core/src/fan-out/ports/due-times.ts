import type { FeedKey } from '../../model/feed.js';

/** When feeds are to be polled. If a due time stays in the past, no worker polls. */
export interface DueTimes {
  /**
   * @returns when the feed's set that waits longest was or is due, ms since 1970; null if the feed has no sets
   * @throws if the store is out of reach
   */
  earliestDue(feed: FeedKey): Promise<number | null>;
}
