import { exactMs } from '../support/clock.js';
import { Histogram } from './histogram.js';
import { MARK, MARK_LENGTH, numberAt } from './marker.js';
import type { Arrival } from './commands.js';

const SEEN_AT = Buffer.from('"seen_at":"');
const INSTANT_LENGTH = 24;
/** Messages of one ticket whose times are kept; a power of two. */
const KEPT = 1024;

/** The numbers of the messages that one client received. They must grow by one. */
export class ClientSequence {
  last = 0;
  /** The end of the last piece, if a message may have been cut in two. */
  rest: Buffer | null = null;

  constructor(
    readonly client: number,
    readonly ticket: number,
  ) {}
}

/** What all clients together received, and how late. */
export class DeliveryStatistics {
  delivered = 0;
  /** Messages that were skipped, arrived twice or arrived too early. */
  faults = 0;
  /** Times of the first and the last delivery, ms since 1970. */
  firstAt = 0;
  lastAt = 0;
  readonly latencies = new Histogram();
  /** Each single delivery; null if they are not kept. */
  arrivals: Arrival[] | null = null;
  private origin = wallOrigin();
  /** `seen_at` of each message, by ticket and number. It is read from the first copy only. */
  private readonly seen = new Map<number, Float64Array>();

  take(sequence: ClientSequence, piece: Buffer): void {
    const now = this.origin + performance.now();
    const bytes = sequence.rest === null ? piece : Buffer.concat([sequence.rest, piece]);
    sequence.rest = null;
    let at = bytes.indexOf(MARK);
    while (at >= 0 && at + MARK_LENGTH <= bytes.length) {
      const seenAt = this.seenAt(sequence, numberAt(bytes, at), bytes, at);
      if (seenAt === null) break; // The message was cut in two: its rest arrives later.
      this.count(sequence, numberAt(bytes, at), now, now - seenAt);
      at = bytes.indexOf(MARK, at + MARK_LENGTH);
    }
    if (at >= 0) {
      sequence.rest = Buffer.from(bytes.subarray(at));
    } else if (bytes[bytes.length - 1] === MARK[0]) {
      sequence.rest = Buffer.from(MARK.subarray(0, 1));
    }
  }

  /** Called between two servers: the same numbers are other messages then. */
  forget(): void {
    this.seen.clear();
    this.clear();
  }

  clear(): void {
    this.delivered = 0;
    this.faults = 0;
    this.firstAt = 0;
    this.arrivals &&= [];
    this.origin = wallOrigin();
    this.latencies.clear();
  }

  private count(sequence: ClientSequence, number: number, now: number, ms: number): void {
    this.faults += number === sequence.last + 1 || sequence.last === 0 ? 0 : 1;
    sequence.last = number;
    this.arrivals?.push([sequence.client, number, exactMs()]);
    this.delivered += 1;
    this.firstAt ||= now;
    this.lastAt = now;
    this.latencies.add(ms);
  }

  private seenAt({ ticket }: ClientSequence, number: number, bytes: Buffer, from: number): number | null {
    let instants = this.seen.get(ticket);
    if (instants === undefined) {
      instants = new Float64Array(2 * KEPT);
      this.seen.set(ticket, instants);
    }
    const slot = 2 * (number % KEPT);
    if (instants[slot] !== number) {
      const at = bytes.indexOf(SEEN_AT, from) + SEEN_AT.length;
      if (at < SEEN_AT.length || at + INSTANT_LENGTH > bytes.length) return null;
      instants[slot] = number;
      instants[slot + 1] = Date.parse(bytes.toString('latin1', at, at + INSTANT_LENGTH));
    }
    return instants[slot + 1] ?? null;
  }
}

/** The difference between wall clock and monotonic clock, ms, more exact than the wall clock's milliseconds. */
function wallOrigin(): number {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return now - performance.now();
}
