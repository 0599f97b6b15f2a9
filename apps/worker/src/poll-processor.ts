import type { Clock, Next, PollCycle, SetRef } from '#core';
import { POLL_DELAY_MAX_MS, type PollJob } from '#redis';
import { DelayedError, type Job } from 'bullmq';

import { Rests } from './rests.js';

/** What the processor tells about a poll that could not even fail in order. */
export type OnTrouble = (error: unknown, job: PollJob) => void;

/** Pause after a poll that Redis could not take, ms. */
const TROUBLE_PAUSE_MS = 1000;

/**
 * How long a set stays with one worker (ms), up to twice that: between two polls it rests here, which costs nothing.
 * Then its job goes back to the queue and to whoever is free, so that sets spread over workers that come and go.
 */
const STAY_MS = 10_000;

/**
 * Runs one set's job: polls, rests until the set is due, and polls again; after a while it delays the job instead. The
 * job is perpetual, so that a set never has two and no poll can start while the one before runs; it ends when its set
 * has ended.
 */
export class PollProcessor {
  private readonly rests = new Rests();

  constructor(
    private readonly cycle: PollCycle,
    private readonly clock: Clock,
    private readonly onTrouble: OnTrouble,
  ) {}

  /** @throws {DelayedError} as BullMQ wants it from a job that delayed itself */
  async process(job: Job<PollJob>, lock: string | undefined): Promise<void> {
    const ref = { feed: job.data.feed, id: job.data.set };
    const leavesAt = this.clock.now() + STAY_MS * (1 + Math.random());
    let next = await this.poll(ref, job.data);
    while (next.kind === 'again' && next.at < leavesAt && (await this.rests.until(ref, next.at - this.clock.now()))) {
      next = await this.poll(ref, job.data);
    }
    if (next.kind === 'gone') {
      return;
    }
    await this.cycle.letGo(ref);
    // BullMQ runs on the system clock, which may be wrong; the span until then is not.
    const wait = Math.min(POLL_DELAY_MAX_MS, Math.max(0, Math.round(next.at - this.clock.now())));
    await job.moveToDelayed(Date.now() + wait, lock);
    throw new DelayedError();
  }

  /** Somebody changed the set: a poll that waits for its time looks at it now. */
  changed(ref: SetRef): void {
    this.cycle.changed(ref);
    this.rests.end(ref);
  }

  /** No set stays here any longer. */
  stop(): void {
    this.rests.close();
  }

  private async poll(ref: SetRef, job: PollJob): Promise<Next> {
    try {
      return await this.cycle.run(ref);
    } catch (error) {
      // The set stays held until its hold runs out, so a poll that hung on Redis cannot overlap with the next.
      this.onTrouble(error, job);
      return { kind: 'again', at: this.clock.now() + TROUBLE_PAUSE_MS };
    }
  }
}
