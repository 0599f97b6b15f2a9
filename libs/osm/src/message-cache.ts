import { BoundedMap, type AnsweredMessage } from '#core';

/** Most cached messages: those that about four seconds of 1,000 new messages per second bring. */
const CACHED_MAX = 5000;

/** A longer message is parsed each time, characters. With {@link CACHED_MAX} it bounds the memory: some 20 MB at most. */
const LONGEST = 2000;

/**
 * Messages that were answered a short time ago, by their texts. A poll looks back, so each message is answered several times;
 * a text that is known needs no parsing, and its object is the same again, so that its names need not be computed either.
 */
export class MessageCache {
  private readonly messages = new BoundedMap<string, AnsweredMessage>(CACHED_MAX);

  /**
   * @param text of the message
   * @param parse parses a message that is not known; null where there is none
   */
  read(text: string, parse: (text: string) => AnsweredMessage | null): AnsweredMessage | null {
    if (text.length > LONGEST) {
      return parse(text);
    }
    const known = this.messages.get(text);
    if (known !== undefined) {
      return known;
    }
    const own = ` ${text}`.slice(1); // A part of a text would keep the whole answer in memory.
    const found = parse(own);
    if (found !== null) {
      this.messages.set(own, found);
    }
    return found;
  }
}
