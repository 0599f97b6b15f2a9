import type { Clock } from '#core';
import type { BullPollQueue, PresentWorker, WorkerPresence } from '#redis';

import type { JobGate } from './job-worker.js';
import type { PollProcessor } from './poll-processor.js';
import { shareOf } from './share-of.js';

export interface FairShareParts {
  readonly presence: Pick<WorkerPresence, 'id' | 'exchange' | 'leave'>;
  readonly queue: Pick<BullPollQueue, 'counts'>;
  readonly processor: Pick<PollProcessor, 'waitedMs' | 'shed'>;
  readonly clock: Clock;
  /** Tells the other workers that their shares have changed. */
  readonly announce: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Time between two looks at who polls, ms. */
const LOOK_MS = 1000;
/** Sets beyond the share that leave at one look at least. Of more, one half leaves. */
const SHED_LEAST = 20;
/** A worker is saturated if the set that waits longest for a slot has waited for this long, ms. */
const SATURATED_MS = 500;
/** Looks in a row that find a worker saturated before it gives sets to others, and that do not before it takes more. */
const [LOOKS_SATURATED, LOOKS_WELL] = [3, 10];
/** What a saturated worker keeps of its sets. */
const KEPT_WHEN_SATURATED = 0.8;
/** Looks in a row that find jobs that nobody takes before a worker takes some beyond its share. */
const LOOKS_UNCLAIMED = 2;

/**
 * Gives each worker its share of the sets, without a leader: once a second each worker tells that it polls, reads who else does
 * and how many sets there are, and computes its share. It takes no set beyond its share, and gives back what it has beyond it.
 */
export class FairShare implements JobGate {
  private timer: NodeJS.Timeout | undefined;
  private isRunning = false;
  private looking: Promise<void> | null = null;
  private leaving: Promise<void> | null = null;
  /** Sets that are here. */
  private own = 0;
  private share = 0;
  /** How many sets this worker can poll in time; null: any number. */
  private limit: number | null = null;
  private readonly looks = { saturated: 0, well: 0, unclaimed: 0 };
  private readonly waiting = new Set<() => void>();

  constructor(private readonly parts: FairShareParts) {}

  /** Has a share from the first look on. */
  start(): void {
    if (!this.isRunning) {
      this.isRunning = true;
      this.share = 0;
      void this.look();
    }
  }

  /**
   * Has no share any more. All that wait for the gate go on. Resolves when the other workers have been told, and never rejects.
   * Until then it needs its connection.
   */
  stop(): Promise<void> {
    if (this.isRunning) {
      this.isRunning = false;
      clearTimeout(this.timer);
      this.wake();
      const { presence, announce, onError } = this.parts;
      this.leaving = presence.leave().then(announce).catch(onError);
    }
    return Promise.all([this.leaving, this.looking]).then(() => undefined);
  }

  /** A worker has come or has left: looks at once. */
  update(): void {
    if (this.isRunning) {
      void this.look();
    }
  }

  get isOpen(): boolean {
    return !this.isRunning || this.own < this.share;
  }

  async untilOpen(): Promise<void> {
    while (!this.isOpen) {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  took(): void {
    this.own += 1;
  }

  left(): void {
    this.own -= 1;
    this.wake();
  }

  private look(): Promise<void> {
    clearTimeout(this.timer);
    this.looking ??= this.lookOnce()
      .catch((error: unknown) => {
        this.share = Number.POSITIVE_INFINITY; // Nothing is known of others: as if there were none.
        this.parts.onError(error);
      })
      .finally(() => {
        this.looking = null;
        this.wake();
        if (this.isRunning) {
          this.timer = setTimeout(() => void this.look(), LOOK_MS);
        }
      });
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    const { presence, queue, processor, clock } = this.parts;
    const now = clock.now();
    const [workers, jobs] = await Promise.all([presence.exchange(now, this.limit), queue.counts()]);
    if (workers.length <= 1) {
      [this.share, this.limit] = [Number.POSITIVE_INFINITY, null];
      return;
    }
    // A queue that lost its jobs says nothing about the sets that are here.
    const total = Math.max(jobs.all, this.own);
    const share = shareOf(presence.id, workers, total, now);
    this.share = share + this.unclaimed(jobs.waiting, workers.length);
    this.limit = this.nextLimit(workers, total / workers.length);
    const excess = this.own - this.share;
    if (excess > 0) {
      processor.shed(Math.min(excess, Math.max(SHED_LEAST, Math.ceil(excess / 2))));
    }
  }

  /** How many jobs to take beyond the share: the counts of two workers differ for a moment, and no set may be left to nobody. */
  private unclaimed(waiting: number, workers: number): number {
    this.looks.unclaimed = waiting > 0 && this.own >= this.share ? this.looks.unclaimed + 1 : 0;
    return this.looks.unclaimed >= LOOKS_UNCLAIMED && !this.isSaturated() ? Math.ceil(waiting / workers) : 0;
  }

  /** A worker that is saturated with its share leaves a part of it to others, if some other one is not. */
  private nextLimit(workers: readonly PresentWorker[], equalShare: number): number | null {
    const { looks } = this;
    [looks.saturated, looks.well] = this.isSaturated() ? [looks.saturated + 1, 0] : [0, looks.well + 1];
    const canOthers = workers.some(({ id, limit }) => id !== this.parts.presence.id && limit === null);
    if (looks.saturated >= LOOKS_SATURATED && this.own <= this.share && canOthers) {
      looks.saturated = 0;
      return Math.max(1, Math.floor(this.own * KEPT_WHEN_SATURATED));
    }
    if (this.limit !== null && looks.well >= LOOKS_WELL) {
      looks.well = 0;
      return this.limit + 1 >= equalShare ? null : this.limit + 1;
    }
    return this.limit;
  }

  private isSaturated(): boolean {
    return this.parts.processor.waitedMs > SATURATED_MS;
  }

  private wake(): void {
    const woken = [...this.waiting];
    this.waiting.clear();
    woken.forEach((resolve) => resolve());
  }
}
