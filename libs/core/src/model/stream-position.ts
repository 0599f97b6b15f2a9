/**
 * A place in a feed: the numbering (`epoch`) and the number of publications in it (`offset`).
 * An offset alone proves nothing after Redis lost data, so the epoch changes then (invariant 6).
 */
export interface StreamPosition {
  readonly epoch: string;
  /** Number of publications of the feed up to and including this one; 0 is before the first. */
  readonly offset: number;
}

/** Digits of an offset in an id, so that ids of one feed also grow as text. 12 digits last 30 years at 1,000/s. */
const OFFSET_DIGITS = 12;
const PATTERN = /^([0-9a-z]{8,24})-([0-9]{12})$/;

/** A position as text: 21 to 37 characters of `0-9 a-z -`. Clients keep it with a signature. */
export function formatPosition(position: StreamPosition): string {
  return `${position.epoch}-${String(position.offset).padStart(OFFSET_DIGITS, '0')}`;
}

/** The position that a text names, or null if `formatPosition` cannot have made the text. */
export function parsePosition(text: string): StreamPosition | null {
  const match = PATTERN.exec(text);
  return match?.[1] && match[2] ? { epoch: match[1], offset: Number(match[2]) } : null;
}

/**
 * A new epoch: the time in milliseconds in base 36, so that later epochs sort after earlier ones, then a random part, so
 * that two epochs of one millisecond differ.
 *
 * @param now milliseconds since 1970
 * @param random a number in [0, 1)
 */
export function newEpoch(now: number, random: number): string {
  const start = Math.floor(now).toString(36).padStart(9, '0');
  const salt = Math.floor(random * 36 ** 5)
    .toString(36)
    .padStart(5, '0');
  return `${start}${salt}`;
}
