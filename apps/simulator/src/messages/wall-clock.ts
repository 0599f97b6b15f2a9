import { type QuirkSet } from '../quirks.js';

export type TimeForm = QuirkSet['time_form'];

/** Writes an instant as the upstream writes `create_time`, in one time zone. */
export interface WallClock {
  /** The form is `documented` unless given. */
  format(ms: number, form?: TimeForm): string;
}

/** `GMT+8`, `GMT-03:30`, `UTC+0530`, `GMT`, `UTC`. */
const OFFSET = /^(?:GMT|UTC)(?:([+-])(\d{1,2})(?::?([0-5]\d))?)?$/i;
/** The widest offset on earth is +14:00. */
const MAX_OFFSET_MINUTES = 14 * 60;

/** The clock for an `X-Time-Zone` header: an offset from GMT, or a name such as `Asia/Shanghai`; undefined otherwise. */
export function wallClock(zone: string): WallClock | undefined {
  const match = OFFSET.exec(zone);
  if (!match) return namedClock(zone);
  const [, sign, hours = '0', minutes = '0'] = match;
  const offset = Number(hours) * 60 + Number(minutes);
  if (offset > MAX_OFFSET_MINUTES) return undefined;
  const shiftMs = (sign === '-' ? -offset : offset) * 60_000;
  return clock((ms) => new Date(ms + shiftMs).toISOString().slice(0, 19).replace('T', ' '));
}

/** @param documented writes an instant as `2020-07-09 00:00:00` */
function clock(documented: (ms: number) => string): WallClock {
  return {
    format: (ms, form = 'documented') => {
      const [text, fraction] = [documented(ms), String(ms % 1000).padStart(3, '0')];
      switch (form) {
        case 'documented':
          return text;
        case 'iso':
          return text.replace(' ', 'T');
        case 'iso_offset':
          return `${text.replace(' ', 'T')}.${fraction}${offsetOf(text, ms)}`;
        case 'iso_utc':
          return new Date(ms).toISOString();
      }
    },
  };
}

/** The offset of a wall clock from GMT at an instant, as `+08:00`. */
function offsetOf(text: string, ms: number): string {
  const minutes = Math.round((Date.parse(`${text.replace(' ', 'T')}Z`) - ms) / 60_000);
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
}

function namedClock(timeZone: string): WallClock | undefined {
  try {
    // The Swedish form has the order `2020-07-09 00:00:00`.
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    return clock((ms) => format.format(ms));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Clocks that are kept; beyond this all are dropped. Clients use few zones. */
const MAX_CLOCKS = 200;

/** Keeps one clock per zone. Rendered texts are kept per clock object. */
export class WallClocks {
  private readonly clocks = new Map<string, WallClock>();

  get(zone: string): WallClock | undefined {
    const known = this.clocks.get(zone);
    if (known) return known;
    const made = wallClock(zone);
    if (!made) return undefined;
    if (this.clocks.size >= MAX_CLOCKS) this.clocks.clear();
    this.clocks.set(zone, made);
    return made;
  }
}
