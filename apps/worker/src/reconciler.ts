import type { Clock, InterestRegistry } from '#core';
import type { PrometheusPollTelemetry } from '#ops';
import type { BullPollQueue } from '#redis';

export interface ReconcilerParts {
  readonly registry: InterestRegistry;
  readonly queue: BullPollQueue;
  readonly clock: Clock;
  readonly telemetry: PrometheusPollTelemetry;
  readonly onError: (error: unknown) => void;
}

/** Time between two rounds, ms. */
const ROUND_MS = 1000;
/** A set that is late by this much may have lost its job, ms: Redis was emptied, or a wake-up was not sent. */
const LATE_MS = 3000;

/**
 * Brings sets and jobs in line with the interest leases and due times in Redis: sweeps every feed, and makes missing jobs
 * again. Every worker runs one. A step that two of them take does nothing the second time.
 */
export class Reconciler {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly parts: ReconcilerParts) {}

  start(): void {
    this.round = this.reconcile()
      .catch(this.parts.onError)
      .then(() => this.pause());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private pause(): void {
    if (!this.stopped) {
      // Random, so that the rounds of several workers do not coincide.
      this.timer = setTimeout(() => this.start(), ROUND_MS * (0.75 + Math.random() / 2));
    }
  }

  private async reconcile(): Promise<void> {
    const { registry, queue, clock, telemetry } = this.parts;
    const beganAt = clock.now();
    let stalestMs = 0;
    for (const feed of await registry.feeds()) {
      while ((await registry.sweep(feed, clock.now())) > 0) {
        // Each call is bounded. Repeat until nothing is left to do.
      }
      await queue.ensure(await registry.overdue(feed, clock.now() - LATE_MS));
      const due = await registry.earliestDue(feed);
      stalestMs = Math.max(stalestMs, due === null ? 0 : clock.now() - due);
    }
    await registry.forget(beganAt);
    telemetry.stalest(stalestMs);
  }
}
