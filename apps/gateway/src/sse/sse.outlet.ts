import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Feed, Publication } from '#core';
import {
  sseEvent,
  sseRetry,
  type ClosingData,
  type EventName,
  type FrameRun,
  type NoticeEvent,
  type ReadyData,
  type SseFrame,
  type SseFrames,
} from '#protocol';
import { PLAIN_HEADERS } from '../http/answer-headers.js';
import { drained } from '../session/drained.js';
import type { Outlet } from '../session/outlet.js';

/** Proxies must neither keep, change nor hold back a stream. `incremental` is the standard's word for the last (RFC 10036). */
export const SSE_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  incremental: '?1',
} as const;

/** When a stream ends, its client should use another gateway. So its connection takes no further request. */
const STREAM_HEADERS = { ...SSE_HEADERS, connection: 'close' } as const;
/** The head of most streams: no other origin may read them. */
const PLAIN_STREAM_HEADERS = { ...PLAIN_HEADERS, ...STREAM_HEADERS } as const;

export type StreamHeaders = Readonly<Record<string, string>>;

/**
 * Least value and span of `retry`, ms. The clients of a gateway that died connect again spread over this span, within 3
 * s.
 */
const RETRY_LEAST_MS = 500;
const RETRY_SPREAD_MS = 2000;
/** After this many checks without an event a heartbeat is written. A heartbeat interval has four checks. */
const IDLE_CHECKS = 4;

/**
 * The outlet of an event stream. It writes finished chunks to the socket, which is a third cheaper than the response.
 */
export class SseOutlet implements Outlet {
  readonly transport = 'sse';
  /**
   * Finished chunks are written to it. It is null if the response has to write: with HTTP/1.0, or while an earlier
   * response owns the socket.
   */
  private socket: Socket | null = null;
  private opened = false;
  /** Frames that were published in this tick and are not written yet. */
  private run: FrameRun<SseFrame> | null = null;
  private idleChecks = 0;

  constructor(
    private readonly response: ServerResponse,
    private readonly headers: StreamHeaders,
    private readonly frames: SseFrames,
    /** Written to a stream that was idle for a heartbeat interval. */
    private readonly heartbeatFrame: SseFrame,
  ) {}

  get unsentBytes(): number {
    return this.socket === null ? this.response.writableLength : this.socket.writableLength;
  }

  get tcp(): Socket | null {
    return this.response.socket;
  }

  begin(): void {
    this.flush();
    this.response.socket?.cork(); // Headers, replay and ready are sent in one piece.
    if (!this.opened) {
      this.open();
      this.write(sseRetry(Math.round(RETRY_LEAST_MS + Math.random() * RETRY_SPREAD_MS)));
    }
  }

  settle(): void {
    this.flush();
    this.response.socket?.uncork();
  }

  drained(ms: number): Promise<void> {
    return drained(this.socket ?? this.response, ms);
  }

  send(publication: Publication, feed: Feed): boolean {
    return this.write(this.frames.live(publication, feed));
  }

  collect(publication: Publication, feed: Feed): number {
    return this.add(this.frames.live(publication, feed));
  }

  collectPast(publication: Publication, feed: Feed): number {
    return this.add(this.frames.of(publication, feed));
  }

  replay(publications: readonly Publication[], feed: Feed): void {
    this.flush();
    this.frames.runsOf(publications, feed).forEach((run) => this.writeRun(run));
  }

  replayPart(publications: readonly Publication[], feed: Feed, isShared: boolean): void {
    this.flush();
    this.writeRun(this.frames.partOf(publications, feed, isShared));
  }

  flush(): boolean {
    const { run, socket } = this;
    if (run === null) {
      return this.socket !== null;
    }
    this.run = null;
    this.idleChecks = 0;
    return socket?.writable === true && socket.write(run.bytes);
  }

  notify({ event, data }: NoticeEvent): void {
    this.write(sseEvent(event, JSON.stringify(data)));
  }

  text(event: EventName, data: string): void {
    this.write(sseEvent(event, data));
  }

  /** The replay is complete; live events follow. */
  ready(ready: ReadyData): void {
    this.write(sseEvent('ready', JSON.stringify(ready), ready.last_event_id));
  }

  joined(): void {
    // A stream has no rooms.
  }

  left(): void {
    // A stream has no rooms.
  }

  heartbeat(): void {
    this.idleChecks += 1;
    if (this.opened && this.idleChecks >= IDLE_CHECKS) {
      this.write(this.heartbeatFrame);
    }
  }

  probe(): void {
    if (this.opened) {
      this.write(this.heartbeatFrame);
    }
  }

  /** If the stream has not begun, it begins now: an EventSource never connects again after another status than 200. */
  close(closing: ClosingData): void {
    if (!this.opened) {
      this.open();
    }
    this.write(sseRetry(closing.retry_ms));
    this.notify({ event: 'closing', data: closing });
    this.socket = null; // A late write must not follow the end of the response.
    this.response.end();
  }

  destroy(): void {
    this.response.destroy();
  }

  private open(): void {
    const isPlain = this.headers === PLAIN_HEADERS;
    this.response.writeHead(200, isPlain ? PLAIN_STREAM_HEADERS : { ...this.headers, ...STREAM_HEADERS });
    this.response.flushHeaders(); // The headers have to precede the chunks that bypass the response.
    this.socket = this.response.chunkedEncoding ? this.response.socket : null;
    this.opened = true;
  }

  private add(frame: SseFrame): number {
    if (this.socket === null) {
      this.write(frame);
      return 0;
    }
    this.run = (this.run ?? this.frames.emptyRun).with(frame);
    return this.run.length;
  }

  private writeRun(run: FrameRun<SseFrame>): void {
    this.idleChecks = 0;
    if (this.socket === null) {
      run.frames().forEach((frame) => this.write(frame));
    } else if (this.socket.writable) {
      this.socket.write(run.bytes);
    }
  }

  private write(frame: SseFrame): boolean {
    this.flush();
    this.idleChecks = 0;
    if (this.socket === null) {
      this.response.write(frame.plain);
      return false;
    }
    return this.socket.writable && this.socket.write(frame.chunk);
  }
}
