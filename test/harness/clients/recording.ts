import { observer } from './observer.js';
import { until } from '../until.js';
import type { EventMap, EventName } from './wire.js';

/** One received event, over any transport. */
export interface Frame<Name extends EventName = EventName> {
  readonly event: Name;
  readonly data: EventMap[Name];
  /** The position that came with it: the SSE `id:` line, or the `id` of a Socket.IO event. */
  readonly id: string | null;
  /** The data as received text. JSON.parse loses what a double cannot hold. */
  readonly raw: string;
  /** The time of its arrival, ms since 1970. */
  readonly at: number;
}

/** Longest wait for an event, ms. */
const WAIT_MS = 15_000;

/** Everything that one client has received over all of its connections, in order. */
export class Recording {
  readonly frames: Frame[] = [];
  /** SSE comment lines. */
  comments = 0;
  /** SSE `retry:` values. */
  readonly retries: number[] = [];
  /** The position from which the client resumes. */
  lastEventId: string | null = null;

  add(frame: Frame): void {
    observer.event(frame.event, frame.data);
    this.frames.push(frame);
    if (frame.id !== null && frame.id !== '') this.lastEventId = frame.id;
  }

  of<Name extends EventName>(event: Name): Frame<Name>[] {
    return this.frames.filter((frame): frame is Frame<Name> => frame.event === event);
  }

  get messages(): Frame<'message'>[] {
    return this.of('message');
  }

  get contents(): string[] {
    return this.messages.map((frame) => String(frame.data.message['content']));
  }

  /** Resolves with the first such event, received already or later. */
  next<Name extends EventName>(
    event: Name,
    accepts: (data: EventMap[Name]) => boolean = () => true,
    timeoutMs = WAIT_MS,
  ): Promise<Frame<Name>> {
    return until(
      () => this.of(event).find((frame) => accepts(frame.data)),
      timeoutMs,
      () => `the event ${event}, among: ${this.frames.map((frame) => frame.event).join(' ')}`,
    );
  }

  /** Resolves when at least this many messages have come. */
  async count(messages: number, timeoutMs = WAIT_MS): Promise<void> {
    await until(
      () => this.messages.length >= messages,
      timeoutMs,
      () => `${messages} messages, but ${this.messages.length} came`,
    );
  }
}
