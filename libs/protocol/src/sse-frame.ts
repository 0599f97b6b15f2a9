import type { Publication } from '#core';
import { encodePublication } from './encode.js';
import type { EventId } from './events.js';
import { FrameCache } from './frame-cache.js';
import type { PositionIds } from './position-ids.js';

/** One piece of an event stream, ready to be written to any number of connections. */
export class SseFrame {
  private readonly headLength: number;
  /** A chunk of an HTTP/1.1 chunked body, which is written to the socket directly. */
  readonly chunk: Buffer;

  constructor(text: string) {
    const length = Buffer.byteLength(text);
    const head = `${length.toString(16)}\r\n`;
    this.headLength = head.length;
    // Joined as texts, they would be copied once more.
    this.chunk = Buffer.allocUnsafe(head.length + length + END.length);
    this.chunk.write(head, 'latin1');
    this.chunk.write(text, head.length);
    this.chunk.write(END, head.length + length, 'latin1');
  }

  /** The same without the chunk header, for a response that adds it itself. Shares the memory of the chunk. */
  get plain(): Buffer {
    return this.chunk.subarray(this.headLength, -2);
  }
}

/** Frames of messages and statuses. */
export class SseFrames extends FrameCache<SseFrame> {
  constructor(ids: Pick<PositionIds, 'idOf'>) {
    super(
      (publication, groupId) => new SseFrame(oneLine(textOf(publication, ids.idOf(publication), groupId))),
      ({ chunk }) => chunk,
      // One chunk has all of them: it is checked, measured and copied once.
      (publications, groupId) => {
        const texts = publications.map((one) => textOf(one, ids.idOf(one), groupId));
        return [new SseFrame(oneLine(texts.join('')))];
      },
    );
  }
}

function textOf(publication: Publication, id: EventId, groupId: string | undefined): string {
  return eventText(publication.kind, encodePublication(publication, id, groupId), id);
}

const END = '\r\n';

/** Characters that Python's `splitlines` reads as the end of a line and that JSON does not escape. */
const LINE_BREAKS_BESIDE_JSON = /[\u0085\u2028\u2029]/g;

/** One event. @param data JSON text, without line breaks */
export function sseEvent(event: string, data: string, id?: string): SseFrame {
  return new SseFrame(oneLine(eventText(event, data, id)));
}

function eventText(event: string, data: string, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}

/** Data has no line breaks for any reader. Names and ids are ASCII. */
function oneLine(text: string): string {
  return text.replace(LINE_BREAKS_BESIDE_JSON, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Tells the client how long to wait before it connects again when the stream ends, ms. It is a line of the event that
 * is written next: some clients read a block without data as an event, and fail when they read its data.
 */
export function sseRetry(ms: number): SseFrame {
  return new SseFrame(`retry: ${ms}\n`);
}

/** A comment line: proxies see that the stream is alive, clients ignore it. It is part of the next event's block. */
export const SSE_HEARTBEAT_COMMENT = new SseFrame(':\n');

/** A heartbeat event, for clients that have to notice a dead stream: an EventSource does not show comments. */
export const SSE_HEARTBEAT_EVENT = sseEvent('heartbeat', '{}');
