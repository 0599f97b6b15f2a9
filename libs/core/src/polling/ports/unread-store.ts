import type { FeedKey } from '../../model/feed.js';
import type { CaseId } from '../../model/ticket.js';
import type { UnreadCount } from './unread-upstream.js';

/** Who wants unread counts, whose turn it is to ask, and what was told. */
export interface UnreadStore {
  /** Leases tickets until `until`, ms since 1970. */
  want(feed: FeedKey, caseIds: readonly CaseId[], until: number): Promise<void>;
  /** Feeds of which counts are wanted. */
  feeds(now: number): Promise<FeedKey[]>;
  /** Takes the feed's round: nobody else asks for `forMs`. @returns whether it is taken */
  claim(feed: FeedKey, owner: string, forMs: number): Promise<boolean>;
  /** The round is over: the next one may begin in `inMs`. */
  settle(feed: FeedKey, inMs: number): Promise<void>;
  wanted(feed: FeedKey, now: number): Promise<CaseId[]>;
  /** Publishes the counts that differ from those that were published last. @returns how many did */
  publish(feed: FeedKey, counts: readonly UnreadCount[], seenAt: number): Promise<number>;
}
