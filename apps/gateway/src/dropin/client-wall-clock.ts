import { jsonText } from '#core';
import { parseJson, parseTimeZone } from '#osm';
import { Refusal } from '#protocol';

const MINUTE_MS = 60_000;
/** What the upstream assumes of a client that names no time zone. */
const DEFAULT_ZONE = 'GMT+8';
/** A time without a zone, in both forms that are read, with or without seconds and a fraction. */
const WALL_CLOCK = /^\d{4}-\d\d-\d\d([ Tt])(\d\d:\d\d(?::\d\d)?)([.,]\d+)?$/;

/** Writes messages in the time zone of a client, as the upstream does by `X-Time-Zone`. */
export class ClientWallClock {
  private readonly shiftMinutes: number;

  /**
   * @param upstreamZone `UPSTREAM_TIME_ZONE`, in which messages are kept
   * @param zone `X-Time-Zone` of the client
   * @throws {Refusal} `invalid`
   */
  constructor(upstreamZone: string, zone: string | undefined) {
    try {
      this.shiftMinutes = parseTimeZone(zone ?? DEFAULT_ZONE) - parseTimeZone(upstreamZone);
    } catch {
      throw new Refusal('invalid', 'X-Time-Zone must be an offset such as GMT, GMT+8 or GMT+08:00');
    }
  }

  /** @param message the upstream's object as text; times with a zone of their own stay as they are */
  write(message: string): string {
    if (this.shiftMinutes === 0) {
      return message;
    }
    const object = parseJson(message);
    if (typeof object !== 'object' || object === null || Array.isArray(object) || !('create_time' in object)) {
      return message;
    }
    const { create_time: time } = object;
    return typeof time === 'string' ? jsonText({ ...object, create_time: this.shifted(time) }) : message;
  }

  private shifted(time: string): string {
    const [match, separator = ' ', clock = '', fraction = ''] = WALL_CLOCK.exec(time) ?? [];
    const instant = match === undefined ? Number.NaN : Date.parse(`${time.slice(0, 10)}T${clock}Z`);
    if (Number.isNaN(instant)) {
      return time;
    }
    const text = new Date(instant + this.shiftMinutes * MINUTE_MS).toISOString();
    return `${text.slice(0, 10)}${separator}${text.slice(11, 11 + clock.length)}${fraction}`;
  }
}
