import type { TicketHistory } from './ports/broker.js';
import type { Publication } from '../model/publication.js';

/**
 * The newest publications of one ticket. They are kept in memory, so that clients can resume without a call to the
 * store. There is no hole: every publication of the ticket after `completeAfter` is here.
 */
export class Tail {
  private entries: Publication[] = [];
  private completeAfter = Number.POSITIVE_INFINITY;
  /** The store has nothing that is older than this tail. */
  private exhausted = false;

  get size(): number {
    return this.entries.length;
  }

  /** The newest publication, if it is known. */
  get newest(): Publication | undefined {
    return this.entries.at(-1);
  }

  /** Whether the tail has all that a client needs: what came after `after`, or the last `count` up to `upTo`. */
  covers(after: number | null, count: number, upTo: number): boolean {
    if (this.exhausted || this.completeAfter === Number.POSITIVE_INFINITY) {
      return this.exhausted;
    }
    return after === null ? this.countUpTo(upTo) >= count : after >= this.completeAfter;
  }

  /** Whether publications after `after` are lost. Called once the tail covers what the store has. */
  lost(after: number): boolean {
    return after < this.completeAfter;
  }

  /** Every publication after this offset is here; infinity while nothing is known. */
  get begins(): number {
    return this.completeAfter;
  }

  /** Offset up to which the ticket's publications are known without a hole; infinity while nothing is known. */
  get end(): number {
    return Math.max(this.entries.at(-1)?.offset ?? 0, this.completeAfter);
  }

  /** Whether `publication` follows the tail without a hole. */
  continues(publication: Publication): boolean {
    return publication.previous <= this.end;
  }

  append(publication: Publication): void {
    if (this.completeAfter === Number.POSITIVE_INFINITY) {
      this.completeAfter = publication.offset - 1;
    }
    // A publication from before `completeAfter` would leave a hole.
    if (publication.offset > this.completeAfter) {
      this.entries.push(publication);
    }
  }

  /**
   * Takes in the ticket's history as it was when the feed was at offset `upTo`. Publications that were appended since
   * then are kept. If some of them were trimmed already, there would be a hole: then nothing is taken in, and the store
   * has to be read again.
   */
  absorb(history: TicketHistory, upTo: number): void {
    if (upTo < this.completeAfter && this.completeAfter !== Number.POSITIVE_INFINITY) {
      return;
    }
    // The tail's own copies stay: their frames may be encoded already.
    const known = new Map(this.entries.map((entry) => [entry.offset, entry]));
    for (const publication of history.publications) {
      if (!known.has(publication.offset)) {
        known.set(publication.offset, publication);
      }
    }
    this.entries = [...known.values()].sort((a, b) => a.offset - b.offset);
    this.completeAfter = Math.min(this.completeAfter, history.completeAfter);
    // The store may no longer have what this tail still has. Reading again would bring no more.
    this.exhausted ||= history.exhausted;
  }

  /** Publications after `after`, up to and including `upTo`. */
  between(after: number, upTo: number): Publication[] {
    return this.entries.filter((entry) => entry.offset > after && entry.offset <= upTo);
  }

  /** The last `count` publications up to and including `upTo`. */
  last(count: number, upTo: number): Publication[] {
    return count === 0 ? [] : this.between(0, upTo).slice(-count);
  }

  /** Drops all but the newest `count` publications. */
  trim(count: number): void {
    const surplus = this.entries.length - count;
    const newestGone = this.entries[surplus - 1];
    if (newestGone !== undefined) {
      this.entries = this.entries.slice(surplus);
      this.completeAfter = newestGone.offset;
      this.exhausted = false;
    }
  }

  /** Drops everything. */
  clear(): void {
    this.entries = [];
    this.completeAfter = Number.POSITIVE_INFINITY;
    this.exhausted = false;
  }

  private countUpTo(upTo: number): number {
    return this.entries.findLastIndex((entry) => entry.offset <= upTo) + 1;
  }
}
