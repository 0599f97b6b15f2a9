import type { HealthState } from '#ops';
import type { Connections } from '../session/connections.js';

/** Time between two groups of clients that are sent away, ms. */
const STEP_MS = 50;
/**
 * Time that the last client has to get `closing` and go, ms; at most half of `DRAIN_MS`. A long poll has to arrive
 * first.
 */
const GOING_MS = 1000;

/**
 * The orderly end of a gateway. It is not ready at once. Then it sends clients away evenly over the span, so that the
 * other gateways get them one by one. Connections that arrive meanwhile are served, and are sent away with the others.
 */
export class Drain {
  constructor(
    private readonly connections: Connections,
    private readonly health: HealthState,
    /** `DRAIN_MS` */
    private readonly spanMs: number,
    private readonly wait: (ms: number) => Promise<void>,
  ) {}

  /** Resolves when no client is connected, after `DRAIN_MS` at the latest. */
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
    // Some came in the last step: each stream is told and ended before its connection is cut.
    this.connections.close(this.connections.count, 'draining');
    this.connections.destroy();
  }
}
