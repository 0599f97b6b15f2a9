/**
 * What all workers together know about the upstream's answers. A bisection needs it to tell the refusal of one ticket from
 * the refusal of every request (core/polling/bisection.ts). A worker that polls that ticket alone would never know.
 */
export interface UpstreamLiveness {
  /** The upstream answered a request that was sent then, ms since 1970. Others may hear of it a second later. */
  seen(sentAt: number): void;
  /**
   * When the newest request was sent that was answered, ms since 1970; -Infinity while there was none.
   *
   * @throws where the store is out of reach
   */
  newest(): Promise<number>;
}
