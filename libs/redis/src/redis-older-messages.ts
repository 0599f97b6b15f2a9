import { setTimeout as delay } from 'node:timers/promises';
import { BoundedMap, type Clock, type FeedKey, type OlderMessages, type OlderOutcome, type OlderWant } from '#core';
import { Queue } from 'bullmq';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { OlderParts, partName } from './older-parts.js';

/** The data of a job: which part a worker is to ask for. */
export interface OlderJob {
  readonly feed: FeedKey;
  readonly want: OlderWant;
  /** Nobody waits for it any more, ms since 1970. */
  readonly until: number;
}

/** Name of the BullMQ queue, after the key prefix. */
export const OLDER_QUEUE = 'older';

/** Length of BullMQ's event stream, which is not used here. */
const EVENTS_MAX = 100;
/** Pause between two looks whether the part is there, ms. */
const LOOK_EVERY_MS = 40;
/** Parts that a process waits for at once. */
const WAITING_MAX = 1000;

export interface OlderMessagesParts {
  readonly commands: RedisClient;
  /** The connection of BullMQ. */
  readonly bull: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

/**
 * Asks a worker for parts, by a job that is named after the part: however many gateways ask, there is one job, and one request.
 * The job ends with its deadline, and the worker's answer is found in Redis by all who wait for it.
 */
export class RedisOlderMessages implements OlderMessages {
  private readonly queue: Queue<OlderJob>;
  private readonly parts: OlderParts;
  /** What is waited for here, by name: one look at Redis serves all. */
  private readonly waiting = new BoundedMap<string, Promise<OlderOutcome | null>>(WAITING_MAX);

  constructor(private readonly from: OlderMessagesParts) {
    const { bull, commands, keys, clock, onError } = from;
    this.parts = new OlderParts(commands, keys, clock);
    this.queue = new Queue(OLDER_QUEUE, {
      connection: bull,
      prefix: keys.queuePrefix,
      streams: { events: { maxLen: EVENTS_MAX } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    this.queue.on('error', onError);
  }

  async read(feed: FeedKey, want: OlderWant, withinMs: number): Promise<OlderOutcome | null> {
    const name = partName(feed, want);
    const asked = this.waiting.get(name) ?? this.ask(name, { feed, want, until: this.from.clock.now() + withinMs });
    this.waiting.set(name, asked);
    try {
      return await asked;
    } finally {
      if (this.waiting.get(name) === asked) {
        this.waiting.delete(name);
      }
    }
  }

  async close(): Promise<void> {
    await this.queue.close();
  }

  private async ask(name: string, job: OlderJob): Promise<OlderOutcome | null> {
    const kept = await this.parts.find(name);
    if (kept !== null) {
      return kept;
    }
    await this.queue.add('read', job, { jobId: name });
    while (this.from.clock.now() < job.until) {
      await delay(LOOK_EVERY_MS);
      const found = await this.parts.find(name);
      if (found !== null) {
        return found;
      }
    }
    return null;
  }
}
