import type { ClosingData, CloseReason } from './events.js';

interface CloseRule {
  /** Bounds of `retry_ms`: clients come back spread over this span and not all at once. */
  readonly retryMs: readonly [least: number, most: number];
}

/** The closed table of close reasons. Each client may come back and resume; the span says how soon. */
export const CLOSE_REASONS: Readonly<Record<CloseReason, CloseRule>> = {
  /** The token ran out. With a new one there is no reason to wait. */
  token_expired: { retryMs: [0, 1000] },
  /** More than `SLOW_CONSUMER_MAX_BYTES` were unsent. A client that could not keep up needs air first. */
  slow_consumer: { retryMs: [1000, 5000] },
  /** The process ends. Clients leave spread over `DRAIN_MS`, so a short additional spread will do. */
  draining: { retryMs: [100, 2000] },
  /** The subject has too many connections here. Another one has to end first. */
  too_many_connections: { retryMs: [5000, 15_000] },
  /** A stream could not begin: the store, or the keys of tokens, are out of reach or slow. SSE only. */
  unavailable: { retryMs: [2000, 5000] },
};

/** What a client is told before its connection ends. @param random a number in [0, 1) */
export function closing(reason: CloseReason, random: number): ClosingData {
  const [least, most] = CLOSE_REASONS[reason].retryMs;
  return { reason, retry_ms: Math.round(least + random * (most - least)) };
}
