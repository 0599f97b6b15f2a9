/** Writes an instant the way the upstream writes `create_time`: `2020-07-09 00:00:00`, in one time zone. */
export interface WallClock {
  format(ms: number): string;
}

/** `GMT+8`, `GMT-03:30`, `UTC+0530`, `GMT`, `UTC`. */
const OFFSET = /^(?:GMT|UTC)(?:([+-])(\d{1,2})(?::?([0-5]\d))?)?$/i;
/** The widest offset on earth is +14:00. */
const MAX_OFFSET_MINUTES = 14 * 60;

/** The clock of an `X-Time-Zone` header: an offset from GMT, or a name like `Asia/Shanghai`. Undefined if it is neither. */
export function wallClock(zone: string): WallClock | undefined {
  const match = OFFSET.exec(zone);
  if (!match) return namedClock(zone);
  const [, sign, hours = '0', minutes = '0'] = match;
  const offset = Number(hours) * 60 + Number(minutes);
  if (offset > MAX_OFFSET_MINUTES) return undefined;
  const shiftMs = (sign === '-' ? -offset : offset) * 60_000;
  return { format: (ms) => new Date(ms + shiftMs).toISOString().slice(0, 19).replace('T', ' ') };
}

function namedClock(timeZone: string): WallClock | undefined {
  try {
    // Swedish writes dates and times in the order wanted here.
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    return { format: (ms) => format.format(ms) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Clients name few zones, and each for ever; past this many the collection starts anew. */
const MAX_CLOCKS = 200;

/** Keeps one clock per zone, so that texts rendered with it can be kept by its identity. */
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
