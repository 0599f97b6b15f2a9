/** How long a long poll waits for news, ms. */
export const LONG_POLL_MS = 20_000;
/** An event stream ends after this time, and its client comes back (Durable Streams, 10.2), ms. */
export const SSE_MS = 60_000;
/** A silent event stream gets a comment after this time, and its rights are looked at again, ms. */
export const SSE_STEP_MS = 10_000;
