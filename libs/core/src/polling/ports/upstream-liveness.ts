/**
 * What all workers together know about the upstream's answers. A bisection needs it to distinguish the refusal of one
 * ticket from the refusal of every request (bisection.ts). A worker that polls only that ticket cannot know it by
 * itself.
 */
export interface UpstreamLiveness {
  /**
   * The upstream answered a request that was sent at `sentAt`, ms since 1970. Other workers know it up to a second
   * later.
   */
  seen(sentAt: number): void;
  /**
   * When the newest answered request was sent, ms since 1970; -Infinity if there was none.
   *
   * @throws if the store is out of reach
   */
  newest(): Promise<number>;
}
