import { type FeedKey, type PollQueue, type SetRef } from '#core';
import { Queue, type Job } from 'bullmq';

import type { RedisClient } from './connection.js';
import { type Keys } from './keys.js';

/** What a job says: which set to poll. */
export interface PollJob {
  readonly feed: FeedKey;
  readonly set: number;
}

/** Name of the BullMQ queue, after the key prefix. */
export const POLL_QUEUE = 'polls';

/** BullMQ's event stream is nobody's here; every poll writes to it. */
const EVENTS_MAX = 100;

/** Pauses (ms) before a job that was running when it was woken is woken again: a poll is over after some of them. */
const WAKE_AGAIN_MS = [30, 100, 300];

/**
 * The queue of polls: one job per ticket set, which delays itself after every poll. Set ids are never used twice, so
 * the set's name can be the job's id: adding it again does nothing, and a job that ended can never be missed.
 */
export class BullPollQueue implements PollQueue {
  private readonly queue: Queue<PollJob>;

  constructor(
    client: RedisClient,
    keys: Keys,
    private readonly onError: (error: Error) => void,
  ) {
    this.queue = new Queue(POLL_QUEUE, {
      connection: client,
      prefix: keys.queuePrefix,
      streams: { events: { maxLen: EVENTS_MAX } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    this.queue.on('error', onError);
  }

  async wake(sets: readonly SetRef[]): Promise<void> {
    await Promise.all(sets.map((ref) => this.runNow(ref, WAKE_AGAIN_MS)));
  }

  /** Makes sure that late sets have their jobs, and that these do not wait for a wrong time. Jobs that run are left alone. */
  async ensure(sets: readonly SetRef[]): Promise<void> {
    await Promise.all(sets.map((ref) => this.runNow(ref, [])));
  }

  /** Nobody starts a poll for that long, ms: the upstream throttled the account. */
  async pause(ms: number): Promise<void> {
    await this.queue.rateLimit(Math.max(1, Math.ceil(ms)));
  }

  async close(): Promise<void> {
    await this.queue.close();
  }

  private async runNow(ref: SetRef, again: readonly number[]): Promise<void> {
    const job = await this.queue.add('poll', { feed: ref.feed, set: ref.id }, { jobId: pollJobId(ref) });
    this.promote(job, again);
  }

  /**
   * A delayed job runs now. One that runs already looks at its set again before it delays itself; in case it had
   * looked just before, it is promoted once more when it must have delayed itself.
   */
  private promote(job: Job<PollJob>, [pause, ...later]: readonly number[]): void {
    job
      .promote()
      .catch(async () => {
        if (pause !== undefined && (await job.isActive())) {
          setTimeout(() => this.promote(job, later), pause).unref();
        }
      })
      .catch(this.onError);
  }
}

/** Job ids may hold no `:`; feed keys hold none. */
export function pollJobId(ref: SetRef): string {
  return `${ref.feed}/${ref.id}`;
}
