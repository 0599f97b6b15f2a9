import type { TicketHistory } from './ports/broker.js';
import type { Publication } from '../model/publication.js';

/**
 * The end of one ticket's history, kept in memory so that clients that come back are served without asking the store.
 * Without a hole: every publication of the ticket after `completeAfter` is here.
 */
export class Tail {
  private entries: Publication[] = [];
  private completeAfter = Number.POSITIVE_INFINITY;
  /** Nothing older than this tail is kept anywhere. */
  private exhausted = false;

  get size(): number {
    return this.entries.length;
  }

  /** What was published last, where that is known. */
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

  /** Whether publications after `after` are gone for good, to be asked once the tail covers what can be had. */
  lost(after: number): boolean {
    return after < this.completeAfter;
  }

  /** Up to where the ticket's publications are known without a hole; infinity while nothing is known. */
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
    // One from before a gap would leave a hole behind it.
    if (publication.offset > this.completeAfter) {
      this.entries.push(publication);
    }
  }

  /**
   * Takes in what the store had when the feed was at `upTo`. What was appended since then stays. Where some of that was
   * trimmed already, the two do not meet: nothing is taken in, and the store has to be read again.
   */
  absorb(history: TicketHistory, upTo: number): void {
    if (upTo < this.completeAfter && this.completeAfter !== Number.POSITIVE_INFINITY) {
      return;
    }
    const known = new Map(this.entries.map((entry) => [entry.offset, entry]));
    for (const publication of history.publications) {
      if (!known.has(publication.offset)) {
        known.set(publication.offset, publication);
      }
    }
    this.entries = [...known.values()].sort((a, b) => a.offset - b.offset);
    if (history.completeAfter <= this.completeAfter) {
      this.completeAfter = history.completeAfter;
      this.exhausted = history.exhausted;
    } else if (history.exhausted) {
      // The store has let go of what this tail still has: asking again would bring no more.
      this.exhausted = true;
    }
  }

  /** Publications after `after`, up to and including `upTo`. */
  between(after: number, upTo: number): Publication[] {
    return this.entries.filter((entry) => entry.offset > after && entry.offset <= upTo);
  }

  /** The last `count` publications up to and including `upTo`. */
  last(count: number, upTo: number): Publication[] {
    return count === 0 ? [] : this.between(0, upTo).slice(-count);
  }

  /** Forgets all but the newest `count`. */
  trim(count: number): void {
    const surplus = this.entries.length - count;
    const newestGone = this.entries[surplus - 1];
    if (newestGone !== undefined) {
      this.entries = this.entries.slice(surplus);
      this.completeAfter = newestGone.offset;
      this.exhausted = false;
    }
  }

  /** Forgets everything: the feed began a new life. */
  clear(): void {
    this.entries = [];
    this.completeAfter = Number.POSITIVE_INFINITY;
    this.exhausted = false;
  }

  private countUpTo(upTo: number): number {
    return this.entries.findLastIndex((entry) => entry.offset <= upTo) + 1;
  }
}
