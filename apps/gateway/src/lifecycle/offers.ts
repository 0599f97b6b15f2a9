import type { Offer } from '#redis';

/** What the gateways of a deployment say of themselves. All of them share it. */
export interface Offers {
  /**
   * Says it in place of what this gateway has said before. It holds for three seconds.
   *
   * @throws if the store does not answer
   */
  say(offer: Offer): Promise<void>;
  /** What the other gateways say that are alive. @throws if the store does not answer */
  others(): Promise<readonly Offer[]>;
}
