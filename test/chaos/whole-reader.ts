import { setTimeout as sleep } from 'node:timers/promises';

import { exchange } from '../harness/clients/exchange.js';
import type { MessageEvent, SnapshotEvent } from '../harness/clients/wire.js';
import type { SeededRandom } from '../harness/seeded-random.js';
import type { Posted } from '../harness/upstream/simulator-control.js';
import { until } from '../harness/until.js';
import { ResumingClient } from './resuming-client.js';

/** Longest time until a page or a snapshot is answered, and until the stream has begun, ms. Faults last for seconds. */
const ANSWER_MS = 45_000;
/** Past events of the snapshot. */
const SNAPSHOT = 20;
/** Messages of a page. */
const LIMITS = [40, 400] as const;
/** Pause between two pages, ms: faults happen in it. */
const PAUSE_MS = [100, 500] as const;

interface Page {
  readonly events: readonly ({ readonly event: string; readonly reason?: string } & MessageEvent)[];
  readonly before: string | null;
}

export interface WholeReaderParts {
  readonly caseId: string;
  readonly token: string;
  readonly gateways: readonly string[];
  readonly random: SeededRandom;
}

/**
 * Reads a ticket as somebody does who shows all of it: a snapshot, a stream from there, and pages that go back from there, over
 * the end of history to the oldest message that the upstream has.
 */
export class WholeReader {
  private readonly stream: ResumingClient;
  private snapshot: SnapshotEvent | null = null;
  /** What the snapshot and the pages had, the oldest first. */
  private readonly walked: MessageEvent[] = [];
  private readonly faults: string[] = [];
  private turn = 0;
  /** Whether the oldest message was read. */
  private hasArrived = false;
  /** Whether a page was told that its position is unknown. */
  private wasUnknown = false;

  constructor(private readonly parts: WholeReaderParts) {
    const { caseId, token, gateways } = parts;
    this.stream = new ResumingClient('sse', { token, caseIds: [caseId] }, gateways);
  }

  /** Resolves when the oldest message was read, or when a page says that the store has lost the position. It never rejects. */
  async read(): Promise<void> {
    try {
      await this.begin();
      // A page has what is older than an event. So the event at the snapshot's own position is in the snapshot alone.
      let before = this.begun();
      while (before !== null && !this.wasUnknown) {
        before = await this.readPage(before);
        await sleep(this.parts.random.integer(...PAUSE_MS));
      }
      this.hasArrived = !this.wasUnknown;
    } catch (error) {
      this.faults.push(String(error));
    }
  }

  async stop(): Promise<void> {
    await this.stream.stop();
  }

  /**
   * Compares pages and stream with what was posted.
   *
   * @param losses how often Redis has lost data since the conversation began
   * @returns what is wrong, one sentence each
   */
  account(posted: readonly Posted[], losses: number): string[] {
    const told = [...this.faults];
    const [{ contents: streamed, isWhole }, { snapshot, walked }] = [this.streamed(), this];
    if (losses === 0 && (this.wasUnknown || !isWhole)) told.push('an unknown position while Redis forgot nothing');
    if (this.hasArrived && snapshot !== null) {
      const expected = [...posted].sort((a, b) => a.seq - b.seq).map(({ content }) => content);
      const got = [...walked.map(({ message }) => String(message['content'])), ...streamed];
      const at = got.findIndex((content, index) => content !== expected[index]);
      if (at >= 0) {
        const came = got.slice(Math.max(0, at - 1), at + 5).join(', ');
        const missing = expected.filter((content) => !got.includes(content)).length;
        told.push(
          `${came} came where ${expected[at]} was posted (${at} of ${walked.length} by pages, ${got.length} in all, ${missing} missing)`,
        );
      } else if (isWhole && got.length < expected.length) {
        told.push(`lost: ${expected[got.length]} and what follows`);
      }
    }
    return told.map((fault) => `${this.hasArrived ? 'whole' : 'unfinished'} reader of ${this.parts.caseId}: ${fault}`);
  }

  /** One line about what it has read. */
  get summary(): string {
    const { walked, hasArrived } = this;
    return hasArrived ? `${walked.length} + ${this.streamed().contents.length}` : `${walked.length}, not to the end`;
  }

  private async begin(): Promise<void> {
    const path = `/v1/cases/${this.parts.caseId}/snapshot?history=${SNAPSHOT}`;
    const snapshot = await this.answer<SnapshotEvent>(path, ({ pending }) => !pending);
    this.snapshot = snapshot;
    this.stream.recording.lastEventId = snapshot.id;
    await this.stream.start(ANSWER_MS);
  }

  /** @returns where the pages begin: at the oldest message of the snapshot */
  private begun(): string | null {
    const { snapshot } = this;
    this.walked.push(...(snapshot?.messages ?? []));
    return this.walked[0]?.id ?? snapshot?.id ?? null;
  }

  /** @returns what the next page asks for; null: there is none */
  private async readPage(from: string): Promise<string | null> {
    const { caseId, random } = this.parts;
    const path = `/v1/cases/${caseId}/messages?before=${from}&limit=${random.integer(...LIMITS)}`;
    const { events, before } = await this.answer<Page>(path);
    for (const { event, reason } of events) {
      if (event === 'gap' && reason === 'unknown_position') this.wasUnknown = true;
      else if (event === 'gap') this.faults.push(`a page has a gap: ${reason}`);
    }
    if (!this.wasUnknown) this.walked.unshift(...events.filter(({ event }) => event === 'message'));
    return before;
  }

  /** Asks the gateways in turn until one of them answers with 200. */
  private answer<T>(path: string, accepts: (body: T) => boolean = () => true): Promise<T> {
    const { gateways, token } = this.parts;
    const headers = { authorization: `Bearer ${token}` };
    const ask = async () => {
      this.turn += 1;
      const url = `${gateways[this.turn % gateways.length]}${path}`;
      const answer = await exchange(url, { headers }).catch(() => null);
      const body = answer?.status === 200 ? (JSON.parse(answer.text) as T) : null;
      if (body !== null && accepts(body)) return { body };
      await sleep(100);
      return null;
    };
    return until(ask, ANSWER_MS, `an answer to ${path}`).then(({ body }) => body);
  }

  /** The messages of the stream, up to where the store has lost its position. */
  private streamed(): { readonly contents: string[]; readonly isWhole: boolean } {
    const { frames } = this.stream.recording;
    const end = frames.findIndex(
      ({ event, data }) => event === 'gap' && (data as { reason?: string }).reason === 'unknown_position',
    );
    const before = end < 0 ? frames : frames.slice(0, end);
    const messages = before.filter(({ event }) => event === 'message').map(({ data }) => data as MessageEvent);
    return { contents: messages.map(({ message }) => String(message['content'])), isWhole: end < 0 };
  }
}
