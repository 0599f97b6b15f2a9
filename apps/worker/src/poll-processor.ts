import type { Clock, PollCycle } from '#core';
import type { BullPollQueue, PollJob } from '#redis';
import { DelayedError, type Job } from 'bullmq';

/** What the processor tells about a poll that could not even fail in order. */
export type OnTrouble = (error: unknown, job: PollJob) => void;

/** Pause after a poll that Redis could not take, ms. */
const TROUBLE_PAUSE_MS = 1000;

/**
 * Runs one set's job: polls, then delays the job until the set is next due. The job is perpetual, so that a set never
 * has two jobs and no poll can start while the one before runs; it ends when its set has ended.
 */
export class PollProcessor {
  constructor(
    private readonly cycle: PollCycle,
    private readonly queue: BullPollQueue,
    private readonly clock: Clock,
    private readonly onTrouble: OnTrouble,
  ) {}

  /** @throws {DelayedError} as BullMQ wants it from a job that delayed itself */
  async process(job: Job<PollJob>, lock: string | undefined): Promise<void> {
    const at = await this.poll(job.data);
    if (at === null) {
      return;
    }
    // BullMQ runs on the system clock, which may be wrong; the span until then is not.
    await job.moveToDelayed(Date.now() + Math.max(0, Math.round(at - this.clock.now())), lock);
    throw new DelayedError();
  }

  /** When to run again, on the deployment's clock; null when the set has ended. */
  private async poll(job: PollJob): Promise<number | null> {
    try {
      const next = await this.cycle.run({ feed: job.feed, id: job.set });
      switch (next.kind) {
        case 'gone':
          return null;
        case 'again':
          return next.at;
        case 'pause':
          await this.queue.pause(next.until - this.clock.now());
          return next.at;
      }
    } catch (error) {
      // The set stays held until its hold runs out, so a poll that hung on Redis cannot overlap with the next.
      this.onTrouble(error, job);
      return this.clock.now() + TROUBLE_PAUSE_MS;
    }
  }
}
