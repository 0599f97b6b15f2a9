import { setName, type Clock, type DueSet, type FeedKey, type PollQueue, type SetRef } from '#core';
import { Queue, type Job } from 'bullmq';

import type { RedisClient } from './connection.js';
import { type Keys } from './keys.js';
import { WakeChannel } from './wake-channel.js';

/** The data of a job: which set to poll. */
export interface PollJob {
  readonly feed: FeedKey;
  readonly set: number;
}

/** Numbers of jobs. */
export interface JobCounts {
  readonly all: number;
  readonly waiting: number;
}

/** Name of the BullMQ queue, after the key prefix. */
export const POLL_QUEUE = 'polls';

/** Length of BullMQ's event stream, which is not used here. Every job writes to it. */
const EVENTS_MAX = 100;

/**
 * A job is delayed for this long at most, ms; then it reads its set again. BullMQ uses the clock of the process that delays
 * the job. Without this bound, a clock that is an hour ahead would delay the job for an hour if the process died.
 */
export const POLL_DELAY_MAX_MS = 10_000;

/** BullMQ sorts delayed jobs by their time in ms, multiplied by this. */
const DELAYED_SCORE_PER_MS = 0x1000;

/** Lists of BullMQ that name the jobs of poll sets, beside the delayed ones. */
const LISTS = ['active', 'wait', 'paused'];

/** Jobs that are looked at in one round trip. */
const ENSURED_AT_ONCE = 500;

/** Pauses before a job that was active when it was woken is woken again, ms. A poll has ended after some of them. */
const WAKE_AGAIN_MS = [30, 100, 300];

/**
 * The poll queue: one job per ticket set, which never completes while its set exists. Set ids are not reused, so the name
 * of the set is the id of its job. Adding the job again does nothing, and no wake-up is lost.
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

  /** BullMQ's own queue, to be shown. */
  get bull(): Queue {
    return this.queue;
  }

  async wake(sets: readonly DueSet[]): Promise<void> {
    await Promise.all(sets.map((set) => this.runAt(set)));
    await this.changes.tell(sets.map((set) => set.ref));
  }

  /**
   * Makes missing jobs again, and those of which only a part is left, and wakes jobs that are delayed for too long. Other
   * jobs are not changed.
   */
  async ensure(sets: readonly SetRef[]): Promise<void> {
    for (let start = 0; start < sets.length; start += ENSURED_AT_ONCE) {
      const part = sets.slice(start, start + ENSURED_AT_ONCE);
      const areWell = await this.areWell(part);
      await Promise.all(part.filter((_, at) => areWell[at] !== true).map((ref) => this.restore(ref)));
    }
  }

  /** @returns how many jobs there are in all, and how many of them wait for a worker. @throws if Redis is out of reach */
  async counts(): Promise<JobCounts> {
    const key = (name: string) => this.queue.toKey(name);
    const read = this.client.pipeline().llen(key('wait')).llen(key('paused')).llen(key('active'));
    const found = ((await read.zcard(key('delayed')).exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return Number(value);
    });
    return { all: found.reduce((sum, count) => sum + count, 0), waiting: found[0] ?? 0 };
  }

  async close(): Promise<void> {
    await this.queue.close();
  }

  /**
   * Whether each job is whole, and is with a worker or delayed for no longer than allowed. Late sets are many where workers
   * cannot keep up, so this takes three commands for each of them, in one round trip.
   */
  private async areWell(sets: readonly SetRef[]): Promise<boolean[]> {
    const read = this.client.pipeline();
    sets.map(setName).forEach((id) => {
      const job = this.queue.toKey(id);
      read.hexists(job, 'data').exists(`${job}:lock`).zscore(this.queue.toKey('delayed'), id);
    });
    const found = ((await read.exec()) ?? []).map(([, value]) => value);
    return sets.map((_, at) => {
      const [hasData, isLocked, delayedTo] = found.slice(3 * at, 3 * at + 3);
      const isDelayed = typeof delayedTo === 'string' && !isStranded(delayedTo);
      return hasData === 1 && (isLocked === 1 || isDelayed);
    });
  }

  private async restore(ref: SetRef): Promise<void> {
    const id = setName(ref);
    const [isListed, isWhole] = [await this.isListed(id), await this.isWhole(id)];
    if (isListed !== isWhole) {
      await this.forget(id);
    }
    const job = await this.add(ref, 0);
    const delayedTo = await this.client.zscore(this.queue.toKey('delayed'), id);
    if (delayedTo !== null && isStranded(delayedTo)) {
      this.bringForward(job, this.clock.now(), []);
    }
  }

  /** Whether a list of the queue names the job. */
  private async isListed(id: string): Promise<boolean> {
    return (await this.queue.getJobState(id)) !== 'unknown';
  }

  /** Whether the job has its data. */
  private async isWhole(id: string): Promise<boolean> {
    return (await this.client.hexists(this.queue.toKey(id), 'data')) === 1;
  }

  /** Deletes what is left of a job whose hash was lost, or the list that named it: BullMQ would add no job beside it. */
  private async forget(id: string): Promise<void> {
    const key = (name: string) => this.queue.toKey(name);
    const deleting = this.client.multi().del(key(id), key(`${id}:lock`));
    LISTS.forEach((name) => deleting.lrem(key(name), 0, id));
    await deleting.zrem(key('delayed'), id).exec();
  }

  private add(ref: SetRef, delay: number): Promise<Job<PollJob>> {
    return this.queue.add('poll', { feed: ref.feed, set: ref.id }, { jobId: setName(ref), delay });
  }

  private async runAt({ ref, at }: DueSet): Promise<void> {
    const job = await this.add(ref, this.delayUntil(at));
    this.bringForward(job, at, WAKE_AGAIN_MS);
  }

  /**
   * Gives a delayed job the new time. An active job reads its set again before it delays itself. It may have read it just
   * before, so the job is woken again after some pauses.
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

/** Whether a job is delayed for longer than allowed: the worker that delayed it had a clock that was ahead. */
function isStranded(delayedTo: string): boolean {
  return Number(delayedTo) / DELAYED_SCORE_PER_MS > Date.now() + 2 * POLL_DELAY_MAX_MS;
}
