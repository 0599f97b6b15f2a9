/** Opcodes of RFC 6455, 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly opcode: number;
  readonly payload?: string | Buffer;
  /** Whether it is the last frame of its message; true unless given. */
  readonly isLast?: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly reserved?: number;
  /** False for a frame that breaks the protocol: a client has to mask. */
  readonly masked?: boolean;
  /** The length that the head says, in eight bytes, instead of the payload's own. */
  readonly saidLength?: bigint;
}

const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78]);

/** The bytes of a frame from a client. They may be wrong in every way that the options allow. */
export function clientFrame(options: FrameOptions): Buffer {
  const { opcode, isLast = true, reserved = 0, masked = true, saidLength } = options;
  const payload = Buffer.from(options.payload ?? '');
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode;
  const length = lengthBytes(payload.length, saidLength);
  length[0] = (length[0] ?? 0) | (masked ? 0x80 : 0);
  const body = masked ? payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0)) : payload;
  return Buffer.concat([Buffer.from([first]), length, masked ? MASK : Buffer.alloc(0), body]);
}

export const textFrame = (payload: string | Buffer, more: Partial<FrameOptions> = {}) =>
  clientFrame({ opcode: OPCODE.text, payload, ...more });

/** A Close frame. @param reason follows the code */
export function closeFrame(code: number, reason: string | Buffer = ''): Buffer {
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
  return clientFrame({ opcode: OPCODE.close, payload });
}

function lengthBytes(length: number, said?: bigint): Buffer {
  if (said === undefined && length < 126) return Buffer.from([length]);
  if (said === undefined && length < 65_536) return Buffer.from([126, length >> 8, length & 255]);
  const bytes = Buffer.alloc(9);
  bytes[0] = 127;
  bytes.writeBigUInt64BE(said ?? BigInt(length), 1);
  return bytes;
}

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

/** Reads the frames of a server as strictly as RFC 6455 allows. It shares no code with the package `ws`. */
export class ServerFrames {
  /** What is wrong with the bytes so far, one sentence each. */
  readonly faults: string[] = [];
  /** The complete text messages. */
  readonly texts: string[] = [];
  readonly pongs: Buffer[] = [];
  pings = 0;
  /** Complete binary messages. */
  binaries = 0;
  /** Code of the Close frame; 1005 if it has none; null before it. */
  closeCode: number | null = null;
  private rest = Buffer.alloc(0);
  private parts: Buffer[] | null = null;
  private isText = true;

  push(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (let frame = this.next(); frame !== null; frame = this.next()) this.take(frame);
  }

  /** Bytes of a frame that is not complete. */
  get unfinished(): number {
    return this.rest.length;
  }

  private next(): Frame | null {
    const { rest } = this;
    const [first, second] = rest;
    if (first === undefined || second === undefined) return null;
    const short = second & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (rest.length < start) return null;
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    if (rest.length < start + length) return null;
    this.expect((first & 0x70) === 0, 'a reserved bit is set');
    this.expect((second & 0x80) === 0, 'a server does not mask');
    this.expect(start === 2 || length > (start === 4 ? 125 : 65_535), 'the length is not in its shortest form');
    this.rest = rest.subarray(start + length);
    return { opcode: first & 15, isLast: (first & 0x80) !== 0, payload: rest.subarray(start, start + length) };
  }

  private take({ opcode, isLast, payload }: Frame): void {
    this.expect(this.closeCode === null, `a frame of opcode ${opcode} follows the Close frame`);
    if (opcode >= 8) {
      this.expect(isLast && payload.length <= 125, 'a control frame is in parts, or too long');
      this.takeControl(opcode, payload);
      return;
    }
    const begins = opcode !== OPCODE.continuation;
    this.expect(opcode <= OPCODE.binary, `a data frame of opcode ${opcode}`);
    if (begins) this.isText = opcode === OPCODE.text;
    this.expect(begins === (this.parts === null), 'a message begins inside another one, or goes on without a begin');
    this.parts = [...(begins ? [] : (this.parts ?? [])), payload];
    if (isLast) {
      if (this.isText) this.texts.push(this.utf8(Buffer.concat(this.parts)));
      else this.binaries += 1;
      this.parts = null;
    }
  }

  private takeControl(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.pings += 1;
    else if (opcode === OPCODE.pong) this.pongs.push(payload);
    else if (opcode === OPCODE.close) {
      this.expect(payload.length !== 1, 'a Close frame of one byte');
      this.closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      this.utf8(payload.subarray(2));
    } else this.expect(false, `a control frame of opcode ${opcode}`);
  }

  private utf8(bytes: Buffer): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      this.expect(false, 'a text is not UTF-8');
      return '';
    }
  }

  private expect(holds: boolean, fault: string): void {
    if (!holds) this.faults.push(fault);
  }
}
