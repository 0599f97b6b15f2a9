/** What is made of the bytes of a connection. */
export interface PushFramesListener {
  /** A message of a channel. */
  message(event: 'message' | 'smessage', channel: string, text: string): void;
  /** Everything else, in its order among the messages: whole replies, as they came. */
  rest(bytes: Buffer): void;
}

const Byte = {
  LF: 10,
  BLOB_ERROR: 33,
  BOOLEAN: 35,
  BLOB: 36,
  MAP: 37,
  BIG_NUMBER: 40,
  ARRAY: 42,
  STRING: 43,
  DOUBLE: 44,
  ERROR: 45,
  ZERO: 48,
  NUMBER: 58,
  VERBATIM: 61,
  PUSH: 62,
  NULL: 95,
  ATTRIBUTES: 124,
  SET: 126,
} as const;

/** How a message of a channel begins: a push of three texts, of which the first is one of these words. */
const HEADS = (['message', 'smessage'] as const).map((event) => ({
  event,
  bytes: Buffer.from(`>3\r\n$${event.length}\r\n${event}\r\n`),
}));
/** What is not whole yet. */
const INCOMPLETE = -1;
/** What Redis does not write, as far as this code knows. */
const UNKNOWN = -2;

/**
 * Takes the messages of channels out of the bytes of a RESP3 connection. A message is two texts in one frame, and nothing else
 * is made of it; a client library makes an object of each field. Frames of another kind are passed on.
 */
export class PushFrames {
  /** The beginning of a frame that is not whole, as it came. */
  private begun: Buffer[] = [];
  private begunBytes = 0;
  /** The frame is not whole with fewer bytes: they are put together once, and not with each chunk of a large message. */
  private neededBytes = 0;
  /** Something came that is not understood: from then on everything is passed on. */
  private isBlind = false;

  constructor(private readonly listener: PushFramesListener) {}

  write(chunk: Buffer): void {
    if (this.isBlind) {
      this.listener.rest(chunk);
      return;
    }
    this.begun.push(chunk);
    this.begunBytes += chunk.length;
    if (this.begunBytes < this.neededBytes) {
      return;
    }
    const bytes = this.begun.length === 1 ? chunk : Buffer.concat(this.begun);
    this.begun = [];
    this.begunBytes = 0;
    this.neededBytes = 0;
    let at = 0;
    while (at < bytes.length) {
      const head = HEADS.find((one) => begins(bytes, at, one.bytes));
      const end = head === undefined ? this.pass(bytes, at) : this.take(bytes, at, head);
      if (end === UNKNOWN) {
        this.isBlind = true;
        this.listener.rest(bytes.subarray(at));
        return;
      }
      if (end === INCOMPLETE) {
        this.begun = [bytes.subarray(at)];
        this.begunBytes = bytes.length - at;
        return;
      }
      at = end;
    }
  }

  /** Two texts: `$length CR LF bytes CR LF`, twice. */
  private take(bytes: Buffer, at: number, { event, bytes: head }: (typeof HEADS)[number]): number {
    const channelAt = bytes.indexOf(Byte.LF, at + head.length) + 1;
    const channelEnd = channelAt + numberAt(bytes, at + head.length + 1);
    const textAt = channelAt === 0 ? 0 : bytes.indexOf(Byte.LF, channelEnd + 2) + 1;
    if (textAt === 0) {
      return INCOMPLETE;
    }
    const textEnd = textAt + numberAt(bytes, channelEnd + 3);
    if (textEnd + 2 > bytes.length) {
      this.neededBytes = textEnd + 2 - at;
      return INCOMPLETE;
    }
    const channel = bytes.toString('utf8', channelAt, channelEnd);
    this.listener.message(event, channel, bytes.toString('utf8', textAt, textEnd));
    return textEnd + 2;
  }

  private pass(bytes: Buffer, at: number): number {
    const end = endOf(bytes, at);
    if (end > 0) {
      this.listener.rest(bytes.subarray(at, end));
    }
    return end;
  }
}

function begins(bytes: Buffer, at: number, head: Buffer): boolean {
  // Most frames differ in the length of their first word already.
  if (bytes[at] !== Byte.PUSH || bytes[at + 5] !== head[5] || at + head.length > bytes.length) {
    return false;
  }
  for (let i = 1; i < head.length; i += 1) {
    if (bytes[at + i] !== head[i]) {
      return false;
    }
  }
  return true;
}

/** The digits up to the end of a line. */
function numberAt(bytes: Buffer, at: number): number {
  let number = 0;
  for (let i = at; ; i += 1) {
    const digit = (bytes[i] ?? 0) - Byte.ZERO;
    if (digit < 0 || digit > 9) {
      return number;
    }
    number = number * 10 + digit;
  }
}

/** Where the frame ends that begins here. */
function endOf(bytes: Buffer, at: number): number {
  const line = bytes.indexOf(Byte.LF, at) + 1;
  if (line === 0) {
    return INCOMPLETE;
  }
  const isAbsent = bytes[at + 1] === Byte.ERROR; // A length of -1.
  switch (bytes[at]) {
    case Byte.STRING:
    case Byte.ERROR:
    case Byte.NUMBER:
    case Byte.NULL:
    case Byte.BOOLEAN:
    case Byte.DOUBLE:
    case Byte.BIG_NUMBER:
      return line;
    case Byte.BLOB:
    case Byte.VERBATIM:
    case Byte.BLOB_ERROR: {
      const end = isAbsent ? line : line + numberAt(bytes, at + 1) + 2;
      return end <= bytes.length ? end : INCOMPLETE;
    }
    case Byte.ARRAY:
    case Byte.SET:
    case Byte.PUSH:
      return isAbsent ? line : endOfItems(bytes, line, numberAt(bytes, at + 1));
    case Byte.MAP:
      return endOfItems(bytes, line, 2 * numberAt(bytes, at + 1));
    case Byte.ATTRIBUTES:
      return endOfItems(bytes, line, 2 * numberAt(bytes, at + 1) + 1);
    default:
      return UNKNOWN;
  }
}

function endOfItems(bytes: Buffer, at: number, count: number): number {
  let end = at;
  for (let item = 0; item < count && end >= 0; item += 1) {
    end = end < bytes.length ? endOf(bytes, end) : INCOMPLETE;
  }
  return end;
}
