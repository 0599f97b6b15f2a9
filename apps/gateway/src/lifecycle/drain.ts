import type { HealthState } from '#ops';
import type { Connections } from '../session/connections.js';

/** Time between two groups of clients that are sent away, ms. */
const STEP_MS = 50;
/**
 * The last part of a drain, ms; at most half of `DRAIN_MS`. The last clients get `closing` and go (a long poll has to
 * arrive first), and the last requests are answered.
 */
const LAST_MS = 1000;

/** What a drain needs of the HTTP server. */
export interface DrainedServer {
  /** Accepts no more connections, and ends those that wait for a request. */
  stopListening(): void;
  /** How many connections are open, of all kinds. */
  connectionCount(): Promise<number>;
}

/**
 * The orderly end of a gateway. It is not ready at once. Then it sends clients away evenly over the span, so that the
 * other gateways get them one by one. Connections that arrive meanwhile are served, and are sent away with the others.
 * In the last part it listens no more. Each request that has arrived by then is answered: a proxy would tell its client
 * 502 for a connection that ends without an answer.
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
  async run(server: DrainedServer): Promise<void> {
    this.health.drain();
    const lastMs = Math.min(LAST_MS, this.spanMs / 2);
    const endsAt = performance.now() + this.spanMs;
    await this.sendAway(endsAt - lastMs);
    server.stopListening();
    await this.finish(server, Math.min(endsAt, performance.now() + lastMs));
    this.connections.destroy();
  }

  private async sendAway(until: number): Promise<void> {
    let due = 0;
    do {
      const stepsLeft = Math.max(1, Math.ceil((until - performance.now()) / STEP_MS));
      // Fractions of a client add up from step to step.
      due += this.connections.count / stepsLeft;
      this.connections.close(Math.floor(due), 'draining');
      due -= Math.floor(due);
      await this.step(until);
    } while (this.connections.remaining > 0 && performance.now() < until);
  }

  /** A stream whose request was still being answered is told as soon as it begins. */
  private async finish(server: DrainedServer, until: number): Promise<void> {
    do {
      this.connections.close(this.connections.count, 'draining');
      await this.step(until);
    } while ((await server.connectionCount()) > 0 && performance.now() < until);
    this.connections.close(this.connections.count, 'draining');
  }

  private step(until: number): Promise<void> {
    return this.wait(Math.min(STEP_MS, Math.max(0, until - performance.now())));
  }
}
