import type { SetRef } from '../../model/set-ref.js';

/** A set that wants to send a request. */
export interface TurnRequest {
  readonly ref: SetRef;
  /** The lowest rank gets the next turn. Milliseconds since 1970: the due time of the set, or later. */
  readonly rank: number;
  readonly now: number;
}

/** What all workers together may ask of the upstream: `UPSTREAM_MAX_RPS`, and what a 429 left of it. */
export interface Quota {
  /** How long to wait before asking for a turn again, ms; 0: the turn is given, send one request now. */
  turn(request: TurnRequest): Promise<number>;
  /** The upstream throttled the account: no turns until then (ms since 1970), and few at first thereafter. */
  throttled(until: number, now: number): Promise<void>;
}
