import type { Clock, Next, PollCycle, SetRef } from '#core';
import { POLL_DELAY_MAX_MS, type PollJob, type WakeListener } from '#redis';
import { DelayedError, type Job } from 'bullmq';

import type { PollSlots } from './poll-slots.js';
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

/**
 * Runs the job of one set: polls, waits until the set is due, and polls again. When the residency ends it delays the job
 * instead. The job never completes while its set exists, so a set never has two jobs, and no poll starts while the one
 * before runs.
 */
export class PollProcessor implements Pick<WakeListener, 'changed'> {
  private readonly timers = new PollTimers();
  /** Sets that are to go back to the queue after the polls that run. */
  private leaving = 0;
  private sets = 0;
  private polls = 0;

  constructor(
    private readonly cycle: PollCycle,
    private readonly clock: Clock,
    private readonly slots: PollSlots,
    private readonly onError: OnPollError,
  ) {}

  /** For how long the set that waits longest for a slot has waited, ms; 0 if none waits. */
  get waitedMs(): number {
    return this.slots.waitedMs(this.clock.now());
  }

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
    const end = this.clock.now() + RESIDENCY_MS * (1 + Math.random());
    const isLost = (): boolean => lockLost?.aborted === true;
    lockLost?.addEventListener('abort', () => this.timers.leave(ref));
    let next: Next = { kind: 'again', at: this.clock.now() };
    do {
      if (!(await this.slots.take(this.clock.now()))) {
        break;
      }
      next = await this.poll(ref, data).finally(() => this.slots.giveBack());
    } while (next.kind === 'again' && next.isTaken !== true && !isLost() && (await this.stays(ref, next.at, end)));
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

  /** Gives sets back to the queue: first those that wait for a slot, then those that are not due, then others after their polls. */
  shed(count: number): void {
    const waiting = this.slots.sendAway(count);
    this.leaving = count - waiting - this.timers.leaveSome(count - waiting);
  }

  /** Ends the residency of all sets. */
  stop(): void {
    this.timers.close();
    this.slots.sendAway(Number.POSITIVE_INFINITY);
  }

  /** Residencies may begin again. */
  resume(): void {
    this.timers.open();
  }

  /** Waits until the set is due. @param end of its residency, ms since 1970. @returns false if it ends before */
  private async stays(ref: SetRef, dueAt: number, end: number): Promise<boolean> {
    if (this.leaving > 0) {
      this.leaving -= 1;
      return false;
    }
    return dueAt < end && (await this.timers.until(ref, dueAt - this.clock.now()));
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
