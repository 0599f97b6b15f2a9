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

/** Between two rounds, ms. */
const ROUND_MS = 1000;
/** A set that is this late (ms) may have lost its job: after a Redis flush, or a wake-up that was not sent. */
const LATE_MS = 3000;

/**
 * Keeps work in line with the truth, which is interest and due times in Redis: ends what nobody wants any more, and
 * makes jobs again that are missing. Every worker runs one; what they do twice does nothing.
 */
export class Reconciler {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly parts: ReconcilerParts) {}

  start(): void {
    this.round = this.reconcile()
      .catch(this.parts.onError)
      .then(() => this.rest());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private rest(): void {
    if (!this.stopped) {
      // Rounds of several workers drift apart, so that together they look more often.
      this.timer = setTimeout(() => this.start(), ROUND_MS * (0.75 + Math.random() / 2));
    }
  }

  private async reconcile(): Promise<void> {
    const { registry, queue, clock, telemetry } = this.parts;
    const beganAt = clock.now();
    let stalestMs = 0;
    for (const feed of await registry.feeds()) {
      while ((await registry.sweep(feed, clock.now())) > 0) {
        // Bounded calls: until nothing is left to do.
      }
      await queue.ensure(await registry.overdue(feed, clock.now() - LATE_MS));
      const due = await registry.earliestDue(feed);
      stalestMs = Math.max(stalestMs, due === null ? 0 : clock.now() - due);
    }
    await registry.forget(beganAt);
    telemetry.stalest(stalestMs);
  }
}
