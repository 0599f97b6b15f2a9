import { randomUUID } from 'node:crypto';
import type { Clock } from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** What a gateway says holds for this long, ms. */
const HOLDS_MS = 3000;

/** What a gateway can accept, connections a second; or how many clients it sends away, because it drains. */
export type Offer =
  | { readonly kind: 'accepts'; readonly perS: number }
  /** Counted when its drain began. */
  | { readonly kind: 'leaves'; readonly clients: number };

export interface OffersParts {
  readonly commands: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
}

/**
 * What gateways say of the connections that they can take: one member of a sorted set for each, which ends by itself. Each call
 * that writes an offer removes those that have ended, so the set is never larger than the number of gateways of the last three seconds.
 */
export class RedisOffers {
  private readonly process = randomUUID();
  private said: string | null = null;

  constructor(private readonly parts: OffersParts) {}

  /** Says it in place of what was said before. @throws what Redis answers, or a timeout */
  async say(offer: Offer): Promise<void> {
    const { commands, keys, clock } = this.parts;
    const now = Math.round(clock.now());
    const number = offer.kind === 'accepts' ? offer.perS : offer.clients;
    const text = `${this.process} ${offer.kind} ${Math.round(number)}`;
    const former = this.said;
    this.said = text;
    await Promise.all([
      commands.zremrangebyscore(keys.offers, '-inf', now),
      ...(former === null || former === text ? [] : [commands.zrem(keys.offers, former)]),
      commands.zadd(keys.offers, now + HOLDS_MS, text),
      commands.pexpire(keys.offers, HOLDS_MS),
    ]);
  }

  /** What the others say. @throws what Redis answers, or a timeout */
  async others(): Promise<readonly Offer[]> {
    const { commands, keys, clock } = this.parts;
    const texts = await commands.zrangebyscore(keys.offers, `(${Math.round(clock.now())}`, '+inf');
    // A gateway that renewed its offer while Redis failed may have two. The newer one counts, and it comes later in the list.
    const newest = new Map(texts.map((text) => [text.slice(0, this.process.length), text]));
    newest.delete(this.process);
    return [...newest.values()].flatMap((text) => offerOf(text) ?? []);
  }
}

/** One that another release says in a way that is not known here counts for nothing. */
function offerOf(text: string): Offer | null {
  const [, kind, digits = ''] = /^\S+ (accepts|leaves) (\d+)$/.exec(text) ?? [];
  const number = Number(digits);
  if (kind === undefined) {
    return null;
  }
  return kind === 'accepts' ? { kind, perS: number } : { kind: 'leaves', clients: number };
}
