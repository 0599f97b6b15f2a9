import { request, type ClientRequest, type IncomingMessage } from 'node:http';

import type { Client, ClientOptions } from './client.js';
import { Recording } from './recording.js';
import { SseParser } from './sse-parser.js';
import { until } from '../until.js';
import type { EventName, Problem, Ready } from './wire.js';

/** The server answered with an error instead of a stream. */
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

/** An SSE client over plain node:http, which hides nothing: no reconnecting by itself, no smoothing over. */
export class SseClient implements Client {
  readonly transport = 'sse';
  readonly recording = new Recording();
  /** Whether the stream has ended, and how: `end` by the server in good order, `cut` in the middle of something. */
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

  /** @throws where the stream has ended, which `closing` explains */
  private unlessEnded(): undefined {
    if (this.ended === null) return undefined;
    const { data } = this.recording.of('closing').at(-1) ?? {};
    throw new Error(`the stream ended before ready (${this.ended}): ${JSON.stringify(data)}`);
  }

  /** Sends the request; resolves once the answer's head is there. @throws {StreamRefused} */
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
    outgoing.on('error', () => undefined); // A cut connection says so on the response too.
    if (response.statusCode !== 200) throw await refusalOf(response);
    this.response = response;
    this.read(response);
    return response;
  }

  /** As a dead network does it: without a goodbye. */
  cut(): void {
    this.outgoing?.destroy();
  }

  close(): void {
    this.cut();
  }

  /** Stops reading: what the server writes piles up at its end. */
  pause(): void {
    this.response?.pause();
  }

  resume(): void {
    this.response?.resume();
  }

  private query(): string {
    const { caseIds, groupId, language, history } = this.options;
    const query = new URLSearchParams(caseIds.map((id) => ['case_ids', id]));
    if (groupId !== undefined) query.set('group_id', groupId);
    if (language !== undefined) query.set('language', language);
    if (history !== undefined) query.set('history', String(history));
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
    // A stream that was cut may say so when the next one has begun.
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
