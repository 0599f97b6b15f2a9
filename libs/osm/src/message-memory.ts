import { BoundedMap, type AnsweredMessage } from '#core';

/** Messages that are remembered: those that about four seconds of 1,000 new messages per second bring. */
const REMEMBERED = 5000;

/** A longer message is parsed each time, characters. With {@link REMEMBERED} it bounds the memory: some 20 MB at most. */
const LONGEST = 2000;

/**
 * Messages that were answered a short time ago, by their texts. A poll looks back, so each message is answered several times;
 * a text that is known needs no parsing, and its object is the same again, so that its names need not be computed either.
 */
export class MessageMemory {
  private readonly known = new BoundedMap<string, AnsweredMessage>(REMEMBERED);

  /**
   * @param text of the message
   * @param read parses a message that is not known; null where there is none
   */
  recall(text: string, read: (text: string) => AnsweredMessage | null): AnsweredMessage | null {
    if (text.length > LONGEST) {
      return read(text);
    }
    const known = this.known.get(text);
    if (known !== undefined) {
      return known;
    }
    const own = ` ${text}`.slice(1); // A part of a text would keep the whole answer in memory.
    const found = read(own);
    if (found !== null) {
      this.known.set(own, found);
    }
    return found;
  }
}
