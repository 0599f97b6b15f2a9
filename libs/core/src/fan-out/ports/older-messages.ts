import type { FeedKey } from '../../model/feed.js';
import type { OlderOutcome, OlderWant } from '../../model/older-part.js';

/** What the upstream has that history may not have any more, as a gateway asks for it: a worker has the upstream's secret. */
export interface OlderMessages {
  /**
   * Reads one part. All that ask for the same part within some minutes share one request to the upstream.
   *
   * @param withinMs how long to wait for it at most
   * @returns null: no worker answered in time
   * @throws if the store is out of reach
   */
  read(feed: FeedKey, want: OlderWant, withinMs: number): Promise<OlderOutcome | null>;
}
