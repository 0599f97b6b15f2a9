import type { RetryBounds } from '#protocol';
import type { Offer } from '#redis';

/** Shortest wait of a client, ms: the gateway has to be taken out of a load balancer's turns. */
const LEAST_MS = 100;
/** Span where the drain itself is slow enough, ms. */
const SHORT_MS = 400;
/** Longest span, ms: a client that waits for longer is taken for one that is lost. */
const MOST_MS = 60_000;

/**
 * The span over which the clients of a draining gateway come back, so that the other gateways can accept them. A drain that tells
 * them over `tellMs`, and a span of `s` ms, bring at most `clients / max(tellMs, s)` of them at once.
 *
 * @param others what the other gateways say
 * @param clients of this gateway when its drain began
 * @param tellMs over which they are told to go
 * @returns null: no other gateway accepts connections, so nobody says what they can take
 */
export function returnSpan(others: readonly Offer[], clients: number, tellMs: number): RetryBounds | null {
  let [perS, leaving] = [0, clients];
  for (const offer of others) {
    if (offer.kind === 'accepts') {
      perS += offer.perS;
    } else {
      leaving += offer.clients;
    }
  }
  if (perS === 0) {
    return null;
  }
  const neededMs = Math.round((leaving / perS) * 1000);
  const span = neededMs <= tellMs ? SHORT_MS : Math.min(MOST_MS, neededMs);
  return [LEAST_MS, LEAST_MS + span];
}
