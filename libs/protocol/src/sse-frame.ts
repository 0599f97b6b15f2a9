import { formatPosition, type Publication } from '#core';
import { encodePublication } from './encode.js';
import { FrameCache } from './frame-cache.js';

/** One piece of an event stream, ready to be written to any number of connections. */
export interface SseFrame {
  /** As a chunk of an HTTP/1.1 chunked body: straight to the socket. */
  readonly chunk: Buffer;
  /** The same without the chunk's frame, for a response that frames by itself. Shares the chunk's memory. */
  readonly plain: Buffer;
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
  return frame(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
}

/** Tells the client how long to wait before it connects again when the stream ends, ms. */
export function sseRetry(ms: number): SseFrame {
  return frame(`retry: ${ms}\n\n`);
}

/** A comment line: proxies see life, clients see nothing. */
export const SSE_HEARTBEAT: SseFrame = frame(':\n\n');

function frame(text: string): SseFrame {
  const head = `${Buffer.byteLength(text).toString(16)}\r\n`;
  const chunk = Buffer.from(`${head}${text}\r\n`);
  return { chunk, plain: chunk.subarray(head.length, -2) };
}
