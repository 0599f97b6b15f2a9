import { setTimeout as sleep } from 'node:timers/promises';

import { CONFIDENTIAL } from '../harness/log-faults.js';
import type { SeededRandom } from '../harness/seeded-random.js';
import type { Posted, SimulatorControl } from '../harness/upstream/simulator-control.js';
import { ResumingClient } from './resuming-client.js';
import { WholeReader } from './whole-reader.js';

/** Messages beyond what history keeps: three and more answers of the upstream. */
const BEYOND = 320;
/** Time between two messages of the past, ms: pages and parts end within a second. */
const STEP_MS = 333;
/** Messages of one posting. */
const BATCH = 500;
/** Most readers of one conversation: each keeps its stream. */
const READERS = 12;
/** Pause between two readers, ms. */
const PAUSE_MS = [500, 8000] as const;

export interface WholeReadersParts {
  readonly upstream: SimulatorControl;
  readonly token: string;
  readonly random: SeededRandom;
  readonly urls: readonly string[];
  /** Part of the name of the ticket. */
  readonly name: string;
  /** `HISTORY_MAX_EVENTS` */
  readonly historyMax: number;
}

/** A ticket with more messages than history keeps, and those who read all of it, one after the other. */
export class WholeReaders {
  readonly caseId: string;
  private readonly readers: WholeReader[] = [];
  /** Holds the ticket, so that it is polled when no reader follows it. */
  private readonly follower: ResumingClient;
  private isOver = false;
  private running: Promise<void> = Promise.resolve();

  private constructor(private readonly parts: WholeReadersParts) {
    const { name, token, urls } = parts;
    this.caseId = `${name}-whole`;
    this.follower = new ResumingClient('sse', { token, caseIds: [this.caseId], history: 0 }, urls);
  }

  /** Resolves when the past of the ticket is posted. */
  static async begin(parts: WholeReadersParts): Promise<WholeReaders> {
    const readers = new WholeReaders(parts);
    const count = parts.historyMax + BEYOND;
    const start = Date.now() - 60_000 - count * STEP_MS;
    const past = Array.from({ length: count }, (_, at) => ({
      ...{ case_id: readers.caseId, content: `${CONFIDENTIAL} past ${at + 1}`, time_ms: start + at * STEP_MS },
    }));
    for (let at = 0; at < count; at += BATCH) await parts.upstream.post(...past.slice(at, at + BATCH));
    await readers.follower.start();
    readers.running = readers.run();
    return readers;
  }

  /** Begins no more readers. Resolves when the last one has read everything, or was told that it cannot. */
  async arrive(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  /** @returns what is wrong, one sentence each */
  account(posted: readonly Posted[], losses: number): string[] {
    const none = this.readers.length === 0 ? ['nobody has read a ticket as a whole'] : [];
    return [...none, ...this.readers.flatMap((reader) => reader.account(posted, losses))];
  }

  /** One line: messages by pages and by streams, of each reader. */
  get summary(): string {
    return `read as a whole: ${this.readers.map(({ summary }) => summary).join('; ')}`;
  }

  async stop(): Promise<void> {
    await this.arrive();
    await Promise.all([this.follower, ...this.readers].map((each) => each.stop()));
  }

  private async run(): Promise<void> {
    const { token, random, urls } = this.parts;
    while (!this.isOver && this.readers.length < READERS) {
      const reader = new WholeReader({ caseId: this.caseId, token, gateways: urls, random });
      this.readers.push(reader);
      await reader.read();
      await sleep(random.integer(...PAUSE_MS));
    }
  }
}
