/** Where intervals are counted from, and their length, ms (Durable Streams, 10.1). */
const EPOCH = Date.UTC(2024, 9, 9);
const INTERVAL_MS = 20_000;
/** Largest jump beyond a cursor that is not in the past: an hour. */
const JUMP_MAX = 180;
/** A cursor that a client names. */
export const CURSOR_PATTERN = /^\d{1,15}$/;

/**
 * The cursor of a live answer. It keeps caches from serving one empty answer for ever, so it never goes back, and differs
 * from the one that the client has.
 *
 * @param given the client's own
 * @param now ms since 1970
 * @param random a number in [0, 1)
 */
export function nextCursor(given: string | undefined, now: number, random: number): string {
  const current = Math.floor((now - EPOCH) / INTERVAL_MS);
  const own = given !== undefined && CURSOR_PATTERN.test(given) ? Number(given) : -1;
  return String(own >= current ? own + 1 + Math.floor(random * JUMP_MAX) : current);
}
