import type { Offer } from '#redis';
import type { Offers } from '../src/lifecycle/offers.js';

/** What several gateways in one process say of themselves. */
export class MemoryOffers {
  private readonly said = new Map<Offers, Offer>();

  /** For one more gateway. */
  gateway(): Offers {
    const offers: Offers = {
      say: async (offer) => void this.said.set(offers, offer),
      others: async () => [...this.said].filter(([gateway]) => gateway !== offers).map(([, offer]) => offer),
    };
    return offers;
  }
}
