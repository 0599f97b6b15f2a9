import { encodePublication } from './encode.js';
import { FrameCache } from './frame-cache.js';
import type { PositionIds } from './position-ids.js';

/** Longest payload whose length fits into the second byte of a WebSocket frame, and longest that fits into two more. */
const SHORT_MAX = 125;
const MEDIUM_MAX = 0xffff;
/** FIN and the opcode for text. */
const FIN_TEXT = 0x81;

/** One Socket.IO event to the default namespace, ready to be written to any number of connections. */
export class SioFrame {
  /** Options by which engine.io writes a prepared frame instead of a packet. */
  readonly options: { readonly compress: false; readonly wsPreEncodedFrame: readonly [Buffer] };

  constructor(
    /** The whole unmasked WebSocket text frame: Engine.IO `4` (message), Socket.IO `2` (event), the JSON array. */
    readonly frame: Buffer,
    private readonly payloadAt: number,
  ) {
    this.options = { compress: false, wsPreEncodedFrame: [frame] };
  }

  /** The Socket.IO packet as text, without the Engine.IO type: for connections that have no WebSocket yet. */
  get text(): string {
    return this.frame.toString('utf8', this.payloadAt + 1);
  }
}

/** Frames of messages and statuses. */
export class SioFrames extends FrameCache<SioFrame> {
  constructor(ids: Pick<PositionIds, 'idOf'>) {
    super(
      (publication, groupId) =>
        sioEvent(publication.kind, encodePublication(publication, ids.idOf(publication), groupId)),
      ({ frame }) => frame,
    );
  }
}

/** One event. @param data JSON text */
export function sioEvent(event: string, data: string): SioFrame {
  const payload = `42["${event}",${data}]`;
  const length = Buffer.byteLength(payload);
  const payloadAt = length <= SHORT_MAX ? 2 : length <= MEDIUM_MAX ? 4 : 10;
  const frame = Buffer.allocUnsafe(payloadAt + length);
  frame[0] = FIN_TEXT;
  if (payloadAt === 2) {
    frame[1] = length;
  } else if (payloadAt === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(payload, payloadAt);
  return new SioFrame(frame, payloadAt);
}
