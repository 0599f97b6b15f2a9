import { exactMs } from '../support/clock.js';
import { Histogram } from './histogram.js';
import { MARK, MARK_LENGTH, numberAt } from './marker.js';
import type { Arrival } from './orders.js';

const SEEN_AT = Buffer.from('"seen_at":"');
const INSTANT_LENGTH = 24;
/** Messages of one ticket whose instants are remembered; a power of two. */
const REMEMBERED = 1024;

/** What one client was given: numbers that must go up by one. */
export class Ledger {
  last = 0;
  /** The end of the last piece, where a message may have been cut in two. */
  rest: Buffer | null = null;

  constructor(
    readonly client: number,
    readonly ticket: number,
  ) {}
}

/** What all clients together were given, and how late. */
export class Account {
  delivered = 0;
  /** Messages that were passed over, came twice or came too early. */
  faults = 0;
  /** When the first and the last delivery came, ms since 1970. */
  firstAt = 0;
  lastAt = 0;
  readonly latencies = new Histogram();
  /** Each single delivery, where they are kept. */
  arrivals: Arrival[] | null = null;
  private origin = wallOrigin();
  /** When each message was seen, by ticket and number: read from the first copy, not from each. */
  private readonly seen = new Map<number, Float64Array>();

  take(ledger: Ledger, piece: Buffer): void {
    const now = this.origin + performance.now();
    const bytes = ledger.rest === null ? piece : Buffer.concat([ledger.rest, piece]);
    ledger.rest = null;
    let at = bytes.indexOf(MARK);
    while (at >= 0 && at + MARK_LENGTH <= bytes.length) {
      const seenAt = this.seenAt(ledger, numberAt(bytes, at), bytes, at);
      if (seenAt === null) break; // Cut in two: the rest is on its way.
      this.count(ledger, numberAt(bytes, at), now, now - seenAt);
      at = bytes.indexOf(MARK, at + MARK_LENGTH);
    }
    if (at >= 0) {
      ledger.rest = Buffer.from(bytes.subarray(at));
    } else if (bytes[bytes.length - 1] === MARK[0]) {
      ledger.rest = Buffer.from(MARK.subarray(0, 1));
    }
  }

  /** Of another server the same numbers are other messages. */
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

  private count(ledger: Ledger, number: number, now: number, ms: number): void {
    this.faults += number === ledger.last + 1 || ledger.last === 0 ? 0 : 1;
    ledger.last = number;
    this.arrivals?.push([ledger.client, number, exactMs()]);
    this.delivered += 1;
    this.firstAt ||= now;
    this.lastAt = now;
    this.latencies.add(ms);
  }

  private seenAt({ ticket }: Ledger, number: number, bytes: Buffer, from: number): number | null {
    let instants = this.seen.get(ticket);
    if (instants === undefined) {
      instants = new Float64Array(2 * REMEMBERED);
      this.seen.set(ticket, instants);
    }
    const slot = 2 * (number % REMEMBERED);
    if (instants[slot] !== number) {
      const at = bytes.indexOf(SEEN_AT, from) + SEEN_AT.length;
      if (at < SEEN_AT.length || at + INSTANT_LENGTH > bytes.length) return null;
      instants[slot] = number;
      instants[slot + 1] = Date.parse(bytes.toString('latin1', at, at + INSTANT_LENGTH));
    }
    return instants[slot + 1] ?? null;
  }
}

/** What to add to the monotonic clock to have the wall clock, to better than the wall clock's milliseconds. */
function wallOrigin(): number {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return now - performance.now();
}
