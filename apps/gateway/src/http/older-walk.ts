import type { OlderMessage, OlderPart } from '#core';
import type { OlderPlace } from '#protocol';
import { LATE_S, startOf, type Seam } from './seam.js';

/** A message that belongs to the page. */
export interface FoundMessage {
  readonly message: Pick<OlderMessage, 'message' | 'sentAt'>;
  /** When the upstream's answer came, ms since 1970. */
  readonly seenAt: number;
  /** At which it was delivered; null: it is older than everything that is known. */
  readonly offset: number | null;
  /** Just before it. */
  readonly place: OlderPlace;
}

/** The way back in time of one page: part by part, message by message, until it has as many as it may. */
export class OlderWalk {
  /** The newest first. */
  readonly found: FoundMessage[] = [];
  /** There is nothing older that was asked for. */
  isExhausted = false;
  /** A second had more messages than the upstream shows at once. */
  isCut = false;
  /** Below this second nothing is asked for. */
  private endsBelow = Number.NEGATIVE_INFINITY;

  constructor(
    public place: OlderPlace,
    private readonly seam: Seam,
    private readonly limit: number,
  ) {}

  get isOver(): boolean {
    return this.isExhausted || this.isCut || this.found.length >= this.limit;
  }

  /** @param offsets of the part's messages, as they were delivered; null where that is not known */
  take(part: OlderPart, offsets: readonly (number | null)[]): void {
    const listed = part.messages.map((message, at) => ({ message, at, offset: offsets[at] ?? null }));
    // In one second the order is that of their delivery.
    const rank = ({ message: { second }, offset }: (typeof listed)[number]) =>
      offset ?? (second >= this.seam.unseenFrom ? Number.MAX_SAFE_INTEGER : -1);
    listed.sort((a, b) => b.message.second - a.message.second || rank(b) - rank(a) || b.at - a.at);
    const from = this.place;
    let { type } = from;
    let counted = { second: from.second, passed: 0 };
    for (const { message, offset } of listed) {
      const { second } = message;
      type = message.type;
      counted = { second, passed: counted.second === second ? counted.passed + 1 : 1 };
      if (second > from.second || (second === from.second && counted.passed <= from.passed)) {
        continue; // An earlier page has it.
      }
      if (second < this.endsBelow) {
        this.isExhausted = true;
        return;
      }
      this.place = { ...from, ...counted };
      if (this.isWanted(message, offset)) {
        this.found.push({ message, seenAt: part.answeredAt, offset, place: this.place });
        if (this.found.length >= this.limit) {
          return;
        }
      }
    }
    this.isCut = part.cut !== null;
    this.isExhausted = part.next === null;
    if (part.next !== null) {
      this.place = startOf(part.next, type);
    }
  }

  private isWanted({ second }: OlderMessage, offset: number | null): boolean {
    const { after, upTo, unseenFrom, hasBegunAnew } = this.seam;
    if (offset === null) {
      return hasBegunAnew || (after === 0 && second < unseenFrom);
    }
    if (offset <= after) {
      // One that was delivered later may be a little older.
      this.endsBelow = Math.max(this.endsBelow, second - LATE_S);
      return false;
    }
    return offset < upTo || hasBegunAnew;
  }
}
