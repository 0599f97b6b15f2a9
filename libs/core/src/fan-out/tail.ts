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
  private changed = Tail.nextChange();

  /** Number of the newest change of all tails. */
  private static changes = 0;

  /** Number of its newest change. Of two tails, the one that changed later has the greater one. */
  get changedAt(): number {
    return this.changed;
  }

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
    this.changed = Tail.nextChange();
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
    this.changed = Tail.nextChange();
  }

  /** Publications after `after`, up to and including `upTo`. */
  between(after: number, upTo: number): Publication[] {
    return this.entries.slice(this.countUpTo(after), this.countUpTo(upTo));
  }

  /** How many {@link between} returns. */
  countBetween(after: number, upTo: number): number {
    return Math.max(0, this.countUpTo(upTo) - this.countUpTo(after));
  }

  /** The last `count` publications up to and including `upTo`. */
  last(count: number, upTo: number): Publication[] {
    const end = this.countUpTo(upTo);
    return this.entries.slice(Math.max(0, end - count), end);
  }

  /** Drops all but the newest `count` publications. */
  trim(count: number): void {
    const surplus = this.entries.length - count;
    const newestGone = this.entries[surplus - 1];
    if (newestGone !== undefined) {
      this.entries = this.entries.slice(surplus);
      this.completeAfter = newestGone.offset;
      this.exhausted = false;
      this.changed = Tail.nextChange();
    }
  }

  /** Drops everything. */
  clear(): void {
    this.entries = [];
    this.completeAfter = Number.POSITIVE_INFINITY;
    this.exhausted = false;
    this.changed = Tail.nextChange();
  }

  /** A binary search: a client that comes back may need few of many. */
  private countUpTo(upTo: number): number {
    let [least, most] = [0, this.entries.length];
    while (least < most) {
      const middle = (least + most) >> 1;
      if ((this.entries[middle]?.offset ?? Number.POSITIVE_INFINITY) <= upTo) {
        least = middle + 1;
      } else {
        most = middle;
      }
    }
    return least;
  }

  private static nextChange(): number {
    return (Tail.changes += 1);
  }
}
