import { setName, type Clock, type DueSet, type FeedKey, type PollQueue, type SetRef } from '#core';
import { Queue, type Job } from 'bullmq';
import type { ChainableCommander } from 'ioredis';

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

/** Name of each job of the poll queue. */
export const JOB_NAME = 'poll';

/** Name of the BullMQ queue, after the key prefix. */
export const POLL_QUEUE = 'polls';

/** Length of BullMQ's event stream, which is not used here. Every job writes to it. */
const EVENTS_MAX = 100;

/**
 * A job is delayed for this long at most, ms; then it reads its set again. BullMQ uses the clock of the process that delays
 * the job. Without this bound, a clock that is an hour ahead would delay the job for an hour if the process died.
 */
export const POLL_DELAY_MAX_MS = 10_000;

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
   * Makes jobs that are lost, in one round trip. Each runs at the time of its set, or after the longest delay of a job.
   *
   * @throws if Redis is out of reach
   */
  async makeAgain(sets: readonly DueSet[]): Promise<void> {
    if (sets.length === 0) {
      return;
    }
    // It may be lost, too. BullMQ would give it another value.
    await this.client.hset(this.queue.toKey('meta'), 'opts.maxLenEvents', EVENTS_MAX);
    await this.queue.addBulk(
      sets.map(({ ref, at }) => ({
        name: JOB_NAME,
        data: jobOf(ref),
        opts: { jobId: setName(ref), delay: Math.min(POLL_DELAY_MAX_MS, this.delayUntil(at)) },
      })),
    );
  }

  /** @returns how many jobs there are in all, and how many of them wait for a worker. @throws if Redis is out of reach */
  async counts(): Promise<JobCounts> {
    const key = (name: string) => this.queue.toKey(name);
    // No transaction: a cluster refuses it while the slot moves.
    const read = this.client.pipeline().llen(key('wait')).llen(key('paused')).llen(key('active'));
    const found = (await valuesOf(read.zcard(key('delayed')))).map(Number);
    return { all: found.reduce((sum, count) => sum + count, 0), waiting: found[0] ?? 0 };
  }

  /**
   * Whether some jobs that the queue names have their data: the first and the last ones of its lists. The cost does not depend on
   * the number of jobs.
   *
   * @throws if Redis is out of reach
   */
  async isSampleWhole(): Promise<boolean> {
    const key = (name: string) => this.queue.toKey(name);
    const ends = this.client.pipeline().lindex(key('active'), 0).lindex(key('active'), -1).lindex(key('wait'), -1);
    const named = (await valuesOf(ends.zrange(key('delayed'), '0', '0'))) as (string | null | string[])[];
    const ids = named.flat().filter((id) => id !== null);
    const sample = this.client.pipeline();
    ids.forEach((id) => sample.hexists(key(id), 'data'));
    return ids.length === 0 || (await valuesOf(sample)).every((found) => found === 1);
  }

  async close(): Promise<void> {
    await this.queue.close();
  }

  private add(ref: SetRef, delay: number): Promise<Job<PollJob>> {
    return this.queue.add(JOB_NAME, jobOf(ref), { jobId: setName(ref), delay });
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

/** @throws the first error of a command */
async function valuesOf(commands: ChainableCommander): Promise<unknown[]> {
  return ((await commands.exec()) ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

/** The data of the job of a set. */
export function jobOf(ref: SetRef): PollJob {
  return { feed: ref.feed, set: ref.id };
}
