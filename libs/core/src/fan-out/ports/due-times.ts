import type { FeedKey } from '../../model/feed.js';

/** When feeds are to be polled. A due time that stays in the past means that nobody polls. */
export interface DueTimes {
  /**
   * @returns when the feed's set that waits longest was or is due, ms since 1970; null where the feed has no sets
   * @throws where the store is out of reach
   */
  earliestDue(feed: FeedKey): Promise<number | null>;
}
