import { setName, type Clock, type DueSet, type FeedKey, type PollQueue, type SetRef } from '#core';
import { Queue, type Job } from 'bullmq';

import type { RedisClient } from './connection.js';
import { type Keys } from './keys.js';
import { WakeChannel } from './wake-channel.js';

/** What a job says: which set to poll. */
export interface PollJob {
  readonly feed: FeedKey;
  readonly set: number;
}

/** Name of the BullMQ queue, after the key prefix. */
export const POLL_QUEUE = 'polls';

/** BullMQ's event stream is nobody's here; every poll writes to it. */
const EVENTS_MAX = 100;

/**
 * A job sleeps this long (ms) at most, and looks at its set again. BullMQ runs on the clock of the process that puts
 * a job to sleep: one that is an hour ahead would let it sleep for an hour should the process die meanwhile.
 */
export const POLL_DELAY_MAX_MS = 10_000;

/** BullMQ sorts delayed jobs by their time in ms times this. */
const DELAYED_SCORE_PER_MS = 0x1000;

/** Pauses (ms) before a job that was running when it was woken is woken again: a poll is over after some of them. */
const WAKE_AGAIN_MS = [30, 100, 300];

/**
 * The queue of polls: one job per ticket set, which delays itself between polls. Set ids are never used twice, so
 * the set's name can be the job's id: adding it again does nothing, and a job that ended can never be missed.
 */
export class BullPollQueue implements PollQueue {
  private readonly queue: Queue<PollJob>;
  private readonly changes: WakeChannel;

  constructor(
    private readonly client: RedisClient,
    keys: Keys,
    private readonly clock: Clock,
    private readonly onError: (error: Error) => void,
  ) {
    this.changes = new WakeChannel(client, keys);
    this.queue = new Queue(POLL_QUEUE, {
      connection: client,
      prefix: keys.queuePrefix,
      streams: { events: { maxLen: EVENTS_MAX } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    this.queue.on('error', onError);
  }

  async wake(sets: readonly DueSet[]): Promise<void> {
    await Promise.all(sets.map((set) => this.runAt(set)));
    await this.changes.tell(sets.map((set) => set.ref));
  }

  /** Makes jobs that are missing again, and frees those that nobody would run for long. Leaves the others alone. */
  async ensure(sets: readonly SetRef[]): Promise<void> {
    await Promise.all(
      sets.map(async (ref) => {
        const job = await this.add(ref, 0);
        if (await this.isStranded(setName(ref))) {
          this.bringForward(job, this.clock.now(), []);
        }
      }),
    );
  }

  async close(): Promise<void> {
    await this.queue.close();
  }

  /** Whether a job sleeps longer than any may: the worker that put it to sleep had a clock that was ahead. */
  private async isStranded(id: string): Promise<boolean> {
    const score = await this.client.zscore(this.queue.toKey('delayed'), id);
    return score !== null && Number(score) / DELAYED_SCORE_PER_MS > Date.now() + 2 * POLL_DELAY_MAX_MS;
  }

  private add(ref: SetRef, delay: number): Promise<Job<PollJob>> {
    return this.queue.add('poll', { feed: ref.feed, set: ref.id }, { jobId: setName(ref), delay });
  }

  private async runAt({ ref, at }: DueSet): Promise<void> {
    const job = await this.add(ref, this.delayUntil(at));
    this.bringForward(job, at, WAKE_AGAIN_MS);
  }

  /**
   * A delayed job gets the new time. One that runs already looks at its set again before it delays itself; in case it
   * had looked just before, it is moved once more when it must have delayed itself.
   */
  private bringForward(job: Job<PollJob>, at: number, [pause, ...later]: readonly number[]): void {
    job
      .changeDelay(this.delayUntil(at))
      .catch(async () => {
        if (pause !== undefined && (await job.isActive())) {
          setTimeout(() => this.bringForward(job, at, later), pause).unref();
        }
      })
      .catch(this.onError);
  }

  private delayUntil(at: number): number {
    return Math.max(0, Math.round(at - this.clock.now()));
  }
}
