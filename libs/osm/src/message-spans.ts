/** The place of a message in the text of an answer: `[start, end)`. */
export interface MessageSpan {
  readonly start: number;
  readonly end: number;
}

/** The messages of each entry of `immsg`, in order. */
export type MessageSpans = readonly (readonly MessageSpan[])[];

/** Thrown inside this file where a text is not as answers usually are. */
class Unusual extends Error {}

/** Codes of the characters that give JSON its structure. */
const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
/** White space has codes up to this. */
const SPACE = 0x20;

/**
 * Finds the messages of an answer without parsing them. It looks at brackets, quotes and the keys on the way to the messages,
 * and says nothing about whether the text is valid: the parser checks each message, and the rest of the text with null in
 * place of each message.
 *
 * @returns null where the text is not as usual: a key that is repeated or escaped, or no JSON
 */
export function messageSpans(text: string): MessageSpans | null {
  try {
    return new SpanScanner(text).lists();
  } catch (error) {
    if (error instanceof Unusual) {
      return null;
    }
    throw error;
  }
}

class SpanScanner {
  private at = 0;

  constructor(private readonly text: string) {}

  lists(): MessageSpans {
    const lists: MessageSpan[][] = [];
    this.object('immsg', () => this.list(() => lists.push(this.messages())));
    return lists;
  }

  /** The messages of one entry of `immsg`. */
  private messages(): MessageSpan[] {
    const spans: MessageSpan[] = [];
    if (this.next() !== OBJECT) {
      this.value();
      return spans;
    }
    this.object('message_list', () =>
      this.list(() => {
        const start = this.at;
        this.value();
        spans.push({ start, end: this.at });
      }),
    );
    return spans;
  }

  /** Reads an object. @param onValue reads the value of `key`; other values are skipped */
  private object(key: string, onValue: () => void): void {
    let wasFound = false;
    this.expect(OBJECT);
    this.items(OBJECT_END, () => {
      const start = this.at;
      this.string();
      const found = this.text.slice(start + 1, this.at - 1);
      this.expect(COLON);
      if (found.includes('\\') || (found === key && wasFound)) {
        throw new Unusual();
      }
      wasFound ||= found === key;
      if (found === key) {
        onValue();
      } else {
        this.value();
      }
    });
  }

  /** Reads a list, or skips what is none. */
  private list(onItem: () => void): void {
    if (this.next() === LIST) {
      this.at += 1;
      this.items(LIST_END, onItem);
    } else {
      this.value();
    }
  }

  /** Reads items with commas in between, and what ends them. */
  private items(end: number, onItem: () => void): void {
    if (this.next() === end) {
      this.at += 1;
      return;
    }
    for (let isMore = true; isMore;) {
      this.next();
      onItem();
      isMore = this.next() === COMMA;
      this.expect(isMore ? COMMA : end);
    }
  }

  private value(): void {
    const first = this.next();
    if (first === QUOTE) {
      this.string();
    } else if (first === OBJECT || first === LIST) {
      this.nested();
    } else {
      this.literal();
    }
  }

  /** Skips an object or a list. The parser sees whether its brackets fit. */
  private nested(): void {
    const { text } = this;
    for (let depth = 0; this.at < text.length;) {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) {
        this.string();
        continue;
      }
      this.at += 1;
      if (code === OBJECT || code === LIST) {
        depth += 1;
      } else if ((code === OBJECT_END || code === LIST_END) && (depth -= 1) === 0) {
        return;
      }
    }
    throw new Unusual();
  }

  private string(): void {
    const { text } = this;
    if (text.charCodeAt(this.at) !== QUOTE) {
      throw new Unusual();
    }
    for (let from = this.at + 1; ;) {
      const quote = text.indexOf('"', from);
      if (quote < 0) {
        throw new Unusual();
      }
      from = quote + 1;
      let slashes = 0;
      while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) {
        slashes += 1;
      }
      if (slashes % 2 === 0) {
        this.at = from;
        return;
      }
    }
  }

  /** Skips a number, or whatever else is no string, object or list. */
  private literal(): void {
    const start = this.at;
    for (let code = this.code(); !isEnd(code); code = this.code()) {
      this.at += 1;
    }
    if (this.at === start) {
      throw new Unusual();
    }
  }

  /** Skips white space. @returns the code of the next character, NaN at the end */
  private next(): number {
    while (this.code() <= SPACE) {
      this.at += 1;
    }
    return this.code();
  }

  private expect(code: number): void {
    if (this.next() !== code) {
      throw new Unusual();
    }
    this.at += 1;
  }

  private code(): number {
    return this.text.charCodeAt(this.at);
  }
}

function isEnd(code: number): boolean {
  return Number.isNaN(code) || code <= SPACE || code === COMMA || code === LIST_END || code === OBJECT_END;
}
