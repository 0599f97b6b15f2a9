import { BoundedMap } from '#core';
import { Refusal, TOO_MANY_REQUESTS } from '#protocol';

/** Handshakes of this many seconds may come at once: clients come back together when a gateway or a network returns. */
const BURST_S = 20;
/** Most addresses that are kept. With more, those that were heard of the longest ago may begin anew. */
const ADDRESSES_MAX = 10_000;

/**
 * How many connections may begin: `MAX_HANDSHAKES_PER_S` altogether, and `MAX_HANDSHAKES_PER_ADDRESS_PER_S` from one
 * address. A handshake costs more than to refuse it, above all where its token has to be verified.
 *
 * Each limit is one number: the time until which its handshakes are paid for. It moves on by a fixed step per handshake
 * and may lie {@link BURST_S} ahead (generic cell rate algorithm).
 */
export class HandshakeRate {
  private readonly paidByAddress = new BoundedMap<string, number>(ADDRESSES_MAX);
  private paid = 0;

  constructor(
    private readonly perS: number,
    private readonly perAddressPerS: number,
    /** Milliseconds. */
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Counts one handshake. One that is refused is not counted.
   *
   * @throws {Refusal} `too_many` (429)
   */
  take(address: string): void {
    const now = this.now();
    const paidHere = this.paidByAddress.get(address) ?? 0;
    refuse(paidHere - now, `${this.perAddressPerS} connections per second from one address`);
    refuse(this.paid - now, `${this.perS} connections per second`);
    this.paidByAddress.set(address, Math.max(paidHere, now) + 1000 / this.perAddressPerS);
    this.paid = Math.max(this.paid, now) + 1000 / this.perS;
  }
}

/** @param aheadMs how far the limit is paid for */
function refuse(aheadMs: number, limit: string): void {
  const beyondMs = aheadMs - BURST_S * 1000;
  if (beyondMs > 0) {
    const retryMs = Math.ceil(beyondMs) + 1000;
    throw new Refusal('too_many', `at most ${limit} may begin`, { status: TOO_MANY_REQUESTS, retryMs });
  }
}
