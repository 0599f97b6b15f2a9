/**
 * What all workers together know of the upstream's answers. Refusals of whatever is asked are told from the refusal of
 * one ticket by it (core/polling/bisection.ts): a worker that polls that ticket and nothing else would never know.
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
