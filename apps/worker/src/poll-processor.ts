import type { Clock, Next, PollCycle, SetRef } from '#core';
import { POLL_DELAY_MAX_MS, type PollJob, type WakeListener } from '#redis';
import { DelayedError, type Job } from 'bullmq';

import { PollTimers } from './poll-timers.js';

/** Called with a poll that ended with an unexpected error, such as a Redis that is out of reach. */
export type OnPollError = (error: unknown, job: PollJob) => void;

/** Pause after such a poll, ms. */
const ERROR_PAUSE_MS = 1000;

/**
 * The shortest residency of a set, ms. The longest is twice as long. During a residency only a timer runs between two
 * polls, which costs nothing. Afterwards the set's job goes back to the queue, and any worker may take it. This costs
 * as much as four polls.
 */
const RESIDENCY_MS = 30_000;

/** Within this time after a worker started (ms) every set goes back to the queue once, so that the new one gets its share. */
const SHARE_MS = 5000;

/**
 * Runs the job of one set: polls, waits until the set is due, and polls again. When the residency ends it delays the job
 * instead. The job never completes while its set exists, so a set never has two jobs, and no poll starts while the one
 * before runs.
 */
export class PollProcessor implements WakeListener {
  private readonly timers = new PollTimers();
  /** When the last worker started, ms since 1970. */
  private sharedAt = 0;
  private sets = 0;
  private polls = 0;

  constructor(
    private readonly cycle: PollCycle,
    private readonly clock: Clock,
    private readonly onError: OnPollError,
  ) {}

  /** How many sets are here, and how many of them are polled at the moment. */
  get load(): { readonly sets: number; readonly polls: number } {
    return { sets: this.sets, polls: this.polls };
  }

  /**
   * @param lockLost aborted when the lock of the job is lost: the set is given up, because another worker has its job
   * @throws {DelayedError} as BullMQ requires it of a job that delayed itself, or that is not this worker's any more
   */
  async process(job: Job<Partial<PollJob>>, lock: string | undefined, lockLost?: AbortSignal): Promise<void> {
    const { data } = job;
    if (!isWhole(data)) {
      return; // Its hash was lost, and a list of the queue still named it. The reconciler makes the job again.
    }
    this.sets += 1;
    try {
      await this.reside(job, data, lock, lockLost);
    } finally {
      this.sets -= 1;
    }
  }

  private async reside(
    job: Job<Partial<PollJob>>,
    data: PollJob,
    lock: string | undefined,
    lockLost?: AbortSignal,
  ): Promise<void> {
    const ref = { feed: data.feed, id: data.set };
    const residency = { from: this.clock.now(), jitter: Math.random() };
    const isLost = (): boolean => lockLost?.aborted === true;
    lockLost?.addEventListener('abort', () => this.timers.end(ref));
    let next = await this.poll(ref, data);
    while (
      next.kind === 'again' &&
      next.isTaken !== true &&
      !isLost() &&
      next.at < this.endOf(residency) &&
      (await this.timers.until(ref, next.at - this.clock.now()))
    ) {
      if (isLost()) {
        break;
      }
      next = await this.poll(ref, data);
    }
    if (next.kind === 'gone') {
      return;
    }
    await this.cycle.release(ref);
    if (isLost()) {
      throw new DelayedError();
    }
    // BullMQ uses the system clock, which may be wrong. A span of time is right on any clock.
    const wait = Math.min(POLL_DELAY_MAX_MS, Math.max(0, Math.round(next.at - this.clock.now())));
    try {
      await job.moveToDelayed(Date.now() + wait, lock);
    } catch (error) {
      if (!isLockLost(error)) {
        throw error;
      }
    }
    throw new DelayedError();
  }

  /** The set was changed: a job that waits for its due time reads it now. */
  changed(ref: SetRef): void {
    this.cycle.changed(ref);
    this.timers.end(ref);
  }

  /** Another worker started: the sets here are shared with it. */
  onWorkerStarted(): void {
    this.sharedAt = this.clock.now();
  }

  /** Ends the residency of all sets. */
  stop(): void {
    this.timers.close();
  }

  /** Residencies may begin again. */
  resume(): void {
    this.timers.open();
  }

  /** @param residency when it began, ms since 1970, and a number in [0, 1) by which residencies end at different times */
  private endOf({ from, jitter }: { readonly from: number; readonly jitter: number }): number {
    const end = from + RESIDENCY_MS * (1 + jitter);
    return from < this.sharedAt ? Math.min(end, this.sharedAt + SHARE_MS * jitter) : end;
  }

  private async poll(ref: SetRef, job: PollJob): Promise<Next> {
    this.polls += 1;
    try {
      return await this.cycle.run(ref);
    } catch (error) {
      // Its request is over. The lease is still this worker's, or it ends by itself.
      this.onError(error, job);
      return { kind: 'again', at: this.clock.now() + ERROR_PAUSE_MS };
    } finally {
      this.polls -= 1;
    }
  }
}

function isWhole(data: Partial<PollJob>): data is PollJob {
  return data.feed !== undefined && data.set !== undefined;
}

/** BullMQ's codes for a job that is gone, has no lock, is in another list, or has the lock of another worker. */
const NOT_OURS: readonly unknown[] = [-1, -2, -3, -6];

function isLockLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NOT_OURS.includes(error.code);
}
