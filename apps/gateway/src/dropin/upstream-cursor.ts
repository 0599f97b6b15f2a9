/** Digits of a time since 1970 in seconds, milliseconds, microseconds and nanoseconds, from 2001 to 2286. */
const DIGITS = [10, 13, 16, 19];
const SECOND_MS = 1000;

/**
 * The time that a cursor of the upstream means, in ms since 1970, cut to the second: `create_time` has no finer resolution,
 * so a message of the same second may have come after the cursor. Null if the text is not a time. No position of ours has
 * digits alone.
 */
export function timeOfCursor(cursor: string): number | null {
  return DIGITS.includes(cursor.length) && /^[1-9]\d*$/.test(cursor) ? Number(cursor.slice(0, 10)) * SECOND_MS : null;
}
