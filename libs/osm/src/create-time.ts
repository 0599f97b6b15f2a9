const ZONE = /^(?:GMT|UTC)(?:([+-])(\d{1,2})(?::(\d{2}))?)?$/;
const MAX_OFFSET_MINUTES = 14 * 60;

const MINUTE_MS = 60_000;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `2020-07-09 00:00:00`: 19 characters, these at those places. */
const LENGTH = 19;
const DASH = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const ZERO = 0x30;

/**
 * Minutes east of Greenwich of a zone such as `GMT`, `GMT+8`, `GMT+08:00` or `UTC-3:30`.
 * @throws {RangeError} for any other text: a wrong zone would shift every time silently
 */
export function parseTimeZone(zone: string): number {
  const [match, sign, hours, minutes] = ZONE.exec(zone) ?? [];
  const offset = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  if (match === undefined || Number(minutes ?? 0) > 59 || offset > MAX_OFFSET_MINUTES) {
    throw new RangeError(`not a time zone of the upstream: ${zone}`);
  }
  return sign === '-' ? -offset : offset;
}

/**
 * `create_time` as milliseconds since 1970; null where it is not a time of the documented form.
 * Reads digits by hand: it is called for every message of every answer, and `Date.parse` would guess at odd texts.
 *
 * @param offsetMinutes of the wall clock that it is written in, see {@link parseTimeZone}
 */
export function parseCreateTime(text: unknown, offsetMinutes: number): number | null {
  if (typeof text !== 'string' || text.length !== LENGTH || !hasSeparators(text)) {
    return null;
  }
  const year = digits(text, 0) * 100 + digits(text, 2);
  const month = digits(text, 5);
  const day = digits(text, 8);
  const hour = digits(text, 11);
  const minute = digits(text, 14);
  const second = digits(text, 17);
  const inRange = year >= 1000 && hour < 24 && minute < 60 && second < 60;
  // Comparisons with NaN are false, so one place that is not a digit makes all of this null.
  if (!inRange || !(day >= 1 && day <= daysIn(year, month))) {
    return null;
  }
  return Date.UTC(year, month - 1, day, hour, minute, second) - offsetMinutes * MINUTE_MS;
}

function hasSeparators(text: string): boolean {
  return (
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    text.charCodeAt(10) === SPACE &&
    text.charCodeAt(13) === COLON &&
    text.charCodeAt(16) === COLON
  );
}

/** The two digits at `at`, 0 to 99; NaN where there are none. */
function digits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** 0 for what is not a month. */
function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
}
