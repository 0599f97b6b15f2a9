import type { Clock, Next, PollCycle, SetRef } from '#core';
import { POLL_DELAY_MAX_MS, type PollJob, type WakeListener } from '#redis';
import { DelayedError, type Job } from 'bullmq';

import { PollTimers } from './poll-timers.js';

/** What the processor tells about a poll that could not even fail in order. */
export type OnPollError = (error: unknown, job: PollJob) => void;

/** Pause after a poll that Redis could not take, ms. */
const ERROR_PAUSE_MS = 1000;

/**
 * How long a set stays with one worker (ms), up to twice that: between two polls it rests here, which costs nothing.
 * Then its job goes back to the queue and to whoever is free, which costs as much as four polls.
 */
const RESIDENCY_MS = 30_000;

/** Within this long after a worker came (ms) every set goes back to the queue once, so that the new one gets its share. */
const SHARE_MS = 5000;

/**
 * Runs one set's job: polls, rests until the set is due, and polls again; after a while it delays the job instead. The
 * job is perpetual, so that a set never has two and no poll can start while the one before runs; it ends when its set
 * has ended.
 */
export class PollProcessor implements WakeListener {
  private readonly timers = new PollTimers();
  /** When a worker came last, ms since 1970. */
  private sharedAt = 0;

  constructor(
    private readonly cycle: PollCycle,
    private readonly clock: Clock,
    private readonly onError: OnPollError,
  ) {}

  /** @throws {DelayedError} as BullMQ wants it from a job that delayed itself */
  async process(job: Job<PollJob>, lock: string | undefined): Promise<void> {
    const ref = { feed: job.data.feed, id: job.data.set };
    const residency = { from: this.clock.now(), jitter: Math.random() };
    let next = await this.poll(ref, job.data);
    while (
      next.kind === 'again' &&
      next.at < this.endOf(residency) &&
      (await this.timers.until(ref, next.at - this.clock.now()))
    ) {
      next = await this.poll(ref, job.data);
    }
    if (next.kind === 'gone') {
      return;
    }
    await this.cycle.release(ref);
    // BullMQ runs on the system clock, which may be wrong; the span until then is not.
    const wait = Math.min(POLL_DELAY_MAX_MS, Math.max(0, Math.round(next.at - this.clock.now())));
    await job.moveToDelayed(Date.now() + wait, lock);
    throw new DelayedError();
  }

  /** Somebody changed the set: a poll that waits for its time looks at it now. */
  changed(ref: SetRef): void {
    this.cycle.changed(ref);
    this.timers.end(ref);
  }

  /** Another worker came: what stays here is shared with it. */
  workerCame(): void {
    this.sharedAt = this.clock.now();
  }

  /** No set stays here any longer. */
  stop(): void {
    this.timers.close();
  }

  /** @param stay since when (ms), and a number in [0, 1) by which sets leave one after another */
  private endOf({ from, jitter }: { readonly from: number; readonly jitter: number }): number {
    const end = from + RESIDENCY_MS * (1 + jitter);
    return from < this.sharedAt ? Math.min(end, this.sharedAt + SHARE_MS * jitter) : end;
  }

  private async poll(ref: SetRef, job: PollJob): Promise<Next> {
    try {
      return await this.cycle.run(ref);
    } catch (error) {
      // Its request is over, and the lease is still this worker's, or runs out.
      this.onError(error, job);
      return { kind: 'again', at: this.clock.now() + ERROR_PAUSE_MS };
    }
  }
}
