import { request, type ClientRequest, type IncomingMessage } from 'node:http';

import type { Client, ClientOptions } from './client.js';
import { Recording } from './recording.js';
import { SseParser } from './sse-parser.js';
import { until } from '../until.js';
import type { EventName, Problem, Ready } from './wire.js';

/** The answer was an error and not a stream. */
export class StreamRefused extends Error {
  constructor(
    readonly status: number,
    readonly contentType: string,
    readonly retryAfter: string | undefined,
    readonly problem: Problem,
  ) {
    super(`${status} ${problem.code}: ${problem.detail}`);
  }
}

const READY_MS = 20_000;

/** An SSE client over node:http. It does not reconnect and hides no error. */
export class SseClient implements Client {
  readonly transport = 'sse';
  readonly recording = new Recording();
  /** How the stream ended: `end` if the server ended it in order, `cut` otherwise; null while it is open. */
  ended: 'end' | 'cut' | null = null;
  private outgoing: ClientRequest | null = null;
  private response: IncomingMessage | null = null;

  constructor(readonly options: ClientOptions) {}

  async open(gateway: string): Promise<Ready> {
    const before = this.recording.of('ready').length;
    await this.begin(gateway);
    return until(
      () => this.recording.of('ready')[before]?.data ?? this.unlessEnded(),
      READY_MS,
      () => `ready from ${gateway}; ended: ${this.ended}`,
    );
  }

  /** @throws Error if the stream has ended; it names the reason of `closing` */
  private unlessEnded(): undefined {
    if (this.ended === null) return undefined;
    const { data } = this.recording.of('closing').at(-1) ?? {};
    throw new Error(`the stream ended before ready (${this.ended}): ${JSON.stringify(data)}`);
  }

  /** Sends the request. Resolves when the head of the answer is there. @throws {StreamRefused} */
  async begin(gateway: string): Promise<IncomingMessage> {
    const { token, headers } = this.options;
    const resume = this.recording.lastEventId;
    this.ended = null;
    this.response = null;
    const outgoing = request(`${gateway}/v1/events?${this.query()}`, {
      agent: false,
      headers: {
        accept: 'text/event-stream',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(resume !== null && { 'last-event-id': resume }),
        ...headers,
      },
    });
    this.outgoing = outgoing;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject).end();
    });
    outgoing.on('error', () => undefined); // The response has an event for a cut connection, too.
    if (response.statusCode !== 200) throw await refusalOf(response);
    this.response = response;
    this.read(response);
    return response;
  }

  /** Ends the connection as a broken network does. */
  cut(): void {
    this.outgoing?.destroy();
  }

  close(): void {
    this.cut();
  }

  /** Stops reading. What the server writes stays unsent there. */
  pause(): void {
    this.response?.pause();
  }

  resume(): void {
    this.response?.resume();
  }

  private query(): string {
    const { caseIds, groupId, language, history, snapshot, unread } = this.options;
    const query = new URLSearchParams(caseIds.map((id) => ['case_ids', id]));
    if (groupId !== undefined) query.set('group_id', groupId);
    if (language !== undefined) query.set('language', language);
    if (history !== undefined) query.set('history', String(history));
    if (snapshot !== undefined) query.set('snapshot', String(snapshot));
    if (unread !== undefined) query.set('unread', String(unread));
    return query.toString();
  }

  private read(response: IncomingMessage): void {
    const { recording } = this;
    const parser = new SseParser(
      {
        event: (name, raw, id) =>
          recording.add({ event: name as EventName, data: JSON.parse(raw), id: id || null, raw, at: Date.now() }),
        position: (id) => (recording.lastEventId = id || recording.lastEventId),
        comment: () => (recording.comments += 1),
        retry: (ms) => recording.retries.push(ms),
      },
      recording.lastEventId ?? '',
    );
    response.on('data', (chunk: Buffer) => parser.push(chunk));
    // The events of a cut stream may come when the next stream has begun.
    const tell = (how: 'end' | 'cut') => {
      if (this.response === response) this.ended ??= how;
    };
    response.on('end', () => tell('end'));
    response.on('error', () => tell('cut'));
    response.on('close', () => tell('cut'));
  }
}

async function refusalOf(response: IncomingMessage): Promise<StreamRefused> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += String(piece);
  const { 'content-type': type = '', 'retry-after': retryAfter } = response.headers;
  return new StreamRefused(response.statusCode ?? 0, type, retryAfter, JSON.parse(text) as Problem);
}
