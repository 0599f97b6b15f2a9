import type { HealthState } from '#ops';
import type { Connections } from '../session/connections.js';

/** How often some clients are sent away, ms. */
const STEP_MS = 50;
/** What the last client that is told has to hear it and go (ms), or half of `DRAIN_MS` where that is shorter: a long poll
 *  has to come in first. */
const GOING_MS = 1000;

/**
 * The polite end of a gateway: not ready at once, then clients are sent away evenly over the span, so that the
 * gateways that stay get them one by one. Connections that come in meanwhile are served, and leave with the others.
 */
export class Drain {
  constructor(
    private readonly connections: Connections,
    private readonly health: HealthState,
    /** `DRAIN_MS` */
    private readonly spanMs: number,
    private readonly wait: (ms: number) => Promise<void>,
  ) {}

  /** Resolves once nobody is connected, after `DRAIN_MS` at the latest. */
  async run(): Promise<void> {
    this.health.drain();
    const startedAt = performance.now();
    const tellUntil = startedAt + this.spanMs - Math.min(GOING_MS, this.spanMs / 2);
    const endsAt = startedAt + this.spanMs;
    let due = 0;
    do {
      const stepsLeft = Math.max(1, Math.ceil((tellUntil - performance.now()) / STEP_MS));
      // Fractions of a client add up from step to step.
      due += this.connections.count / stepsLeft;
      this.connections.close(Math.floor(due), 'draining');
      due -= Math.floor(due);
      await this.wait(Math.min(STEP_MS, Math.max(0, endsAt - performance.now())));
    } while (this.connections.remaining > 0 && performance.now() < endsAt);
    this.connections.destroy();
  }
}
