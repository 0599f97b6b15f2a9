import type { SetRef } from '../../model/set-ref.js';

/** A set that wants to send a request, or a reader of older messages: its id is a text. */
export interface TurnRequest {
  readonly ref: Pick<SetRef, 'feed'> & { readonly id: number | string };
  /** The lowest rank gets the next turn. Milliseconds since 1970: the due time of the set, or later. */
  readonly rank: number;
  readonly now: number;
  /** It is a poll for tickets that the upstream may not know. All of these together get {@link UNKNOWN_SHARE}. */
  readonly isUnknown: boolean;
}

/**
 * The share of the quota for polls of tickets that the upstream may not know. Clients choose which tickets are polled, and
 * one that invents tickets must not slow down the others.
 */
export const UNKNOWN_SHARE = 0.25;

/** How many requests all workers together may send: `UPSTREAM_MAX_RPS`, and less after a 429. */
export interface Quota {
  /** @returns 0 if the turn is given: send one request now; else how long to wait before asking again, ms */
  turn(request: TurnRequest): Promise<number>;
  /** The upstream throttled the account: no turns until `until` (ms since 1970), and few at first after that. */
  throttled(until: number, now: number): Promise<void>;
}
