import type { ClosingData, CloseReason } from './events.js';

/** Bounds of `retry_ms`: clients come back spread over this span. */
export type RetryBounds = readonly [leastMs: number, mostMs: number];

interface CloseRule {
  readonly retryMs: RetryBounds;
}

/** The closed table of close reasons. After each of them a client may connect again and resume. */
export const CLOSE_REASONS: Readonly<Record<CloseReason, CloseRule>> = {
  /** The token expired. With a new one there is no reason to wait. */
  token_expired: { retryMs: [0, 1000] },
  /** The token was revoked. As for one that has expired. */
  token_revoked: { retryMs: [0, 1000] },
  /** More than `SLOW_CONSUMER_MAX_BYTES` were unsent. A client that was too slow should wait first. */
  slow_consumer: { retryMs: [1000, 5000] },
  /**
   * The process ends. Clients are sent away over `DRAIN_MS`, so a short additional span is enough. Where other gateways say what
   * they can accept, the span follows from that.
   */
  draining: { retryMs: [100, 2000] },
  /** A new connection of the subject took its place. A client that is alive after all waits until there may be room. */
  replaced: { retryMs: [5000, 15_000] },
  /** A stream could not begin, or not go on with its replay: the store, or the keys of tokens, are out of reach or slow. SSE only. */
  unavailable: { retryMs: [2000, 5000] },
};

/**
 * The data of a `closing` event.
 *
 * @param random a number in [0, 1)
 * @param retryMs bounds of `retry_ms`; the table's unless given
 */
export function closing(
  reason: CloseReason,
  random: number,
  retryMs: RetryBounds = CLOSE_REASONS[reason].retryMs,
): ClosingData {
  const [least, most] = retryMs;
  return { reason, retry_ms: Math.round(least + random * (most - least)) };
}
