import type { FeedKey } from '#core';

/** What was seen of a late feed counts for this long, ms: longer than the time between two visits of a late feed. */
const COUNTS_MS = 12_000;

/** How long the set that waits longest has been due, as far as this worker's visits have seen it. */
export class Lateness {
  private latest: { readonly feed: FeedKey; readonly dueAt: number; readonly seenAt: number } | null = null;

  /** @param dueAt the earliest due time of the feed, ms since 1970; null: it has no sets. @param now ms since 1970 */
  saw(feed: FeedKey, dueAt: number | null, now: number): void {
    const known = this.current(now);
    if (known !== null && known.feed !== feed && (dueAt === null || known.dueAt <= dueAt)) {
      return;
    }
    this.latest = dueAt !== null && dueAt < now ? { feed, dueAt, seenAt: now } : null;
  }

  /**
   * How late it was when it was seen. It may have been polled since: a set that is being polled is some milliseconds late. A
   * set that stays late is seen again.
   *
   * @returns ms; 0 if no set is late. @param now ms since 1970
   */
  worst(now: number): number {
    const known = this.current(now);
    return known === null ? 0 : known.seenAt - known.dueAt;
  }

  private current(now: number): { readonly feed: FeedKey; readonly dueAt: number; readonly seenAt: number } | null {
    return this.latest !== null && now - this.latest.seenAt < COUNTS_MS ? this.latest : null;
  }
}
