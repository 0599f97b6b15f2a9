import { formatPosition, type Publication } from '#core';
import { encodePublication } from './encode.js';
import { FrameCache } from './frame-cache.js';

/** One piece of an event stream, ready to be written to any number of connections. */
export class SseFrame {
  private readonly headLength: number;
  /** As a chunk of an HTTP/1.1 chunked body: straight to the socket. */
  readonly chunk: Buffer;

  constructor(text: string) {
    const head = `${Buffer.byteLength(text).toString(16)}\r\n`;
    this.headLength = head.length;
    this.chunk = Buffer.from(`${head}${text}\r\n`);
  }

  /** The same without the chunk's frame, for a response that frames by itself. Shares the chunk's memory. */
  get plain(): Buffer {
    return this.chunk.subarray(this.headLength, -2);
  }
}

/** Frames of messages and statuses. */
export class SseFrames extends FrameCache<SseFrame> {
  constructor() {
    super(ssePublication, ({ chunk }) => chunk);
  }
}

function ssePublication(publication: Publication, groupId: string | undefined): SseFrame {
  return sseEvent(publication.kind, encodePublication(publication, groupId), formatPosition(publication));
}

/** One event. @param data JSON text, which has no line breaks */
export function sseEvent(event: string, data: string, id?: string): SseFrame {
  return new SseFrame(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
}

/** Tells the client how long to wait before it connects again when the stream ends, ms. */
export function sseRetry(ms: number): SseFrame {
  return new SseFrame(`retry: ${ms}\n\n`);
}

/** A comment line: proxies see life, clients see nothing. */
export const SSE_HEARTBEAT = new SseFrame(':\n\n');
