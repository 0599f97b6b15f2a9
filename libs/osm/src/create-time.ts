const ZONE = /^(?:GMT|UTC)(?:([+-])(\d{1,2})(?::(\d{2}))?)?$/;
const MAX_OFFSET_MINUTES = 14 * 60;

const MINUTE_MS = 60_000;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `2020-07-09 00:00` and `2020-07-09T00:00`: these characters stand at these places. */
const MINUTES_LENGTH = 16;
/** `2020-07-09 00:00:00`, as the documentation shows it. */
const SECONDS_LENGTH = 19;
const DASH = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const UPPER_T = 0x54;
const LOWER_T = 0x74;
const ZERO = 0x30;

/**
 * What may follow the minutes: seconds, a fraction of up to nine digits, and a zone (`Z`, `+08`, `+0800`, `+08:00`).
 * Java's `toString` leaves the seconds out where they are zero.
 */
const REST = /^(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?$/i;

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
 * `create_time` as milliseconds since 1970; null if it is not a time. Two forms are read: the one of the documentation,
 * `2020-07-09 00:00:00`, and ISO 8601 (`date-time` in the official models), such as `2020-07-09T00:00:00.123+08:00`.
 *
 * Digits are read by hand, because this is called for every message of every answer, and `Date.parse` guesses the
 * meaning of texts in other forms.
 *
 * @param offsetMinutes offset of the wall clock of a text without a zone, see {@link parseTimeZone}
 */
export function parseCreateTime(text: unknown, offsetMinutes: number): number | null {
  if (typeof text !== 'string' || text.length < MINUTES_LENGTH || !hasSeparators(text)) {
    return null;
  }
  const minutes = minutesOf(text);
  if (text.length === SECONDS_LENGTH && text.charCodeAt(MINUTES_LENGTH) === COLON) {
    return instant(minutes, digits(text, MINUTES_LENGTH + 1), offsetMinutes);
  }
  const rest = REST.exec(text.slice(MINUTES_LENGTH));
  if (rest === null) {
    return null;
  }
  const [, seconds = '0', fraction = '', utc, sign, zoneHours, zoneMinutes = '0'] = rest;
  const zone = utc !== undefined ? 0 : zoneHours === undefined ? offsetMinutes : zoneOf(sign, zoneHours, zoneMinutes);
  const time = instant(minutes, Number(seconds), zone);
  return time === null ? null : time + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

/** The first 16 characters, read as UTC, in milliseconds since 1970; NaN if they are no time. */
function minutesOf(text: string): number {
  const year = digits(text, 0) * 100 + digits(text, 2);
  const month = digits(text, 5);
  const day = digits(text, 8);
  const hour = digits(text, 11);
  const minute = digits(text, 14);
  // Comparisons with NaN are false, so one place that is not a digit makes all of this NaN.
  const inRange = year >= 1000 && hour < 24 && minute < 60 && day >= 1 && day <= daysIn(year, month);
  return inRange ? Date.UTC(year, month - 1, day, hour, minute) : NaN;
}

/** Minutes east of Greenwich; NaN if there is no such zone. */
function zoneOf(sign: string | undefined, hours: string, minutes: string): number {
  const offset = Number(hours) * 60 + Number(minutes);
  return Number(minutes) > 59 || offset > MAX_OFFSET_MINUTES ? NaN : sign === '-' ? -offset : offset;
}

function instant(minutesMs: number, seconds: number, offsetMinutes: number): number | null {
  const time = minutesMs + seconds * 1000 - offsetMinutes * MINUTE_MS;
  return seconds < 60 && !Number.isNaN(time) ? time : null;
}

function hasSeparators(text: string): boolean {
  const between = text.charCodeAt(10);
  return (
    text.charCodeAt(4) === DASH &&
    text.charCodeAt(7) === DASH &&
    (between === SPACE || between === UPPER_T || between === LOWER_T) &&
    text.charCodeAt(13) === COLON
  );
}

/** The two digits at `at`, 0 to 99; NaN if there are none. */
function digits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** Days of a month; 0 if it is not a month. */
function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
}
