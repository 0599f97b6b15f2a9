import type { Clock } from '../model/clock.js';
import type { FeedKey } from '../model/feed.js';
import type { DueTimes } from './ports/due-times.js';

/** The feeds that the watch checks. {@link Hub} implements it. */
export interface WatchedFeeds {
  /** Feeds of which some client waits for a ticket that the upstream does not refuse. */
  awaitedFeeds(): FeedKey[];
  /** @param since the time since which the feed is not polled, ms since 1970; null: it is polled */
  pollingChanged(feed: FeedKey, since: number | null, now: number): void;
}

/**
 * A feed whose earliest due time is this far in the past (ms) is not polled. The sets of a killed worker are polled again
 * earlier than that (OPERATIONS.md, "Stopping"), so that a takeover by another worker is not told.
 */
export const NOT_POLLED_AFTER_MS = 8000;

/** Most feeds that one check looks at. The next check continues after them. This bounds the load on the store. */
const CHECK_FEEDS = 500;

/**
 * Notices feeds that no worker polls: all workers are gone, frozen or without their rights, the queue is paused, a set
 * was lost. No worker can report that, so each gateway looks at the due times in the store.
 */
export class PollingWatch {
  /** When each feed was last seen with a due time that is not late, ms since 1970. */
  private readonly freshAt = new Map<FeedKey, number>();
  private readonly stalled = new Set<FeedKey>();
  private start = 0;

  constructor(
    private readonly feeds: WatchedFeeds,
    private readonly dueTimes: DueTimes,
    private readonly clock: Clock,
  ) {}

  /** Number of feeds that are not polled. */
  get stalledCount(): number {
    return this.stalled.size;
  }

  /**
   * Called once a second; calls must not overlap. If the store is out of reach, feeds count as not polled after the
   * same time.
   */
  async check(): Promise<void> {
    const awaited = this.feeds.awaitedFeeds();
    this.forgetAllBut(new Set(awaited));
    const begin = this.start < awaited.length ? this.start : 0;
    const part = awaited.slice(begin, begin + CHECK_FEEDS);
    this.start = begin + part.length;
    await Promise.all(part.map((feed) => this.checkFeed(feed)));
  }

  private async checkFeed(feed: FeedKey): Promise<void> {
    const due = await this.dueTimes.earliestDue(feed).catch(() => null);
    const now = this.clock.now();
    const lastFreshAt = this.freshAt.get(feed) ?? now;
    // The feed has lost its sets, or the store is out of reach. Then the last time counts at which the feed was in
    // order.
    const since = due ?? lastFreshAt;
    const isLate = now - since >= NOT_POLLED_AFTER_MS;
    this.freshAt.set(feed, due === null || isLate ? lastFreshAt : now);
    this.tell(feed, isLate ? since : null, now);
  }

  private tell(feed: FeedKey, since: number | null, now: number): void {
    if ((since !== null) !== this.stalled.has(feed)) {
      if (since === null) {
        this.stalled.delete(feed);
      } else {
        this.stalled.add(feed);
      }
      this.feeds.pollingChanged(feed, since, now);
    }
  }

  private forgetAllBut(awaited: ReadonlySet<FeedKey>): void {
    for (const feed of [...this.freshAt.keys()].filter((key) => !awaited.has(key))) {
      this.freshAt.delete(feed);
      if (this.stalled.delete(feed)) {
        this.feeds.pollingChanged(feed, null, this.clock.now());
      }
    }
  }
}
