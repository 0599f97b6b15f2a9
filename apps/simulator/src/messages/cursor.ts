import { type QuirkSet } from '../quirks.js';

/** A position in the order of all messages. */
export interface Position {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** Orders messages of one millisecond: 0 to 999,999, written as nanoseconds. */
  readonly fraction: number;
}

const FRACTION_DIGITS = 6;
export const FRACTIONS = 10 ** FRACTION_DIGITS;
/** Milliseconds have 13 digits until the year 2286, nanoseconds 19. The limit lies between them. */
const MILLISECONDS = /^\d{1,16}$/;
const NANOSECONDS = /^\d{17,22}$/;
const OPAQUE = /^c_([\w-]+)$/;
const OPAQUE_CONTENT = /^(\d{6})\.(\d{1,16})$/;

type Form = QuirkSet['cursor_form'];
type Bound = QuirkSet['cursor_bound'];

/** The JSON text of `last_message_time_id`. */
export function writeCursor(position: Position | undefined, form: Form): string {
  if (!position) return 'null';
  switch (form) {
    case 'string':
      return `"${position.timeMs}"`;
    case 'number':
      return String(position.timeMs);
    case 'number19':
      return `${position.timeMs}${fractionDigits(position)}`;
    case 'opaque':
      return `"c_${Buffer.from(scrambled(position)).toString('base64url')}"`;
  }
}

/**
 * Reads a cursor in any of the forms, because a client keeps its cursor when the form changes. A cursor in milliseconds
 * stands for the whole millisecond: with an exclusive bound, no message of that millisecond is shown again.
 */
export function readCursor(cursor: string, bound: Bound): Position | undefined {
  if (MILLISECONDS.test(cursor)) {
    return { timeMs: Number(cursor), fraction: bound === 'exclusive' ? FRACTIONS - 1 : 0 };
  }
  if (NANOSECONDS.test(cursor)) {
    const split = cursor.length - FRACTION_DIGITS;
    return { timeMs: Number(cursor.slice(0, split)), fraction: Number(cursor.slice(split)) };
  }
  const encoded = OPAQUE.exec(cursor)?.[1];
  return encoded === undefined ? undefined : unscrambled(Buffer.from(encoded, 'base64url').toString());
}

export function isAfter(message: Position, since: Position, bound: Bound): boolean {
  if (message.timeMs !== since.timeMs) return message.timeMs > since.timeMs;
  return bound === 'exclusive' ? message.fraction > since.fraction : message.fraction >= since.fraction;
}

const fractionDigits = (position: Position): string => String(position.fraction).padStart(FRACTION_DIGITS, '0');
const reversed = (digits: string): string => [...digits].reverse().join('');

/** The fraction, then the digits of the time in reverse: opaque cursors do not sort by time. */
const scrambled = (position: Position): string => `${fractionDigits(position)}.${reversed(String(position.timeMs))}`;

function unscrambled(content: string): Position | undefined {
  const [, fraction, time] = OPAQUE_CONTENT.exec(content) ?? [];
  if (fraction === undefined || time === undefined) return undefined;
  return { timeMs: Number(reversed(time)), fraction: Number(fraction) };
}
