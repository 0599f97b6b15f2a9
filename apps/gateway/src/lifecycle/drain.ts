import type { HealthState } from '#ops';
import type { Connections } from '../session/connections.js';
import type { OwnOffer } from './own-offer.js';

/** Time between two groups of clients that are sent away, ms. */
const STEP_MS = 50;
/** Time between two looks at what the other gateways say, ms. */
const LOOK_MS = 1000;
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
 * other gateways get them one by one. They come back over as long as the other gateways need to accept them. Connections
 * that arrive meanwhile are served, and are sent away with the others. In the last part it listens no more. Each request
 * that has arrived by then is answered: a proxy would tell its client 502 for a connection that ends without an answer.
 */
export class Drain {
  constructor(
    private readonly connections: Connections,
    private readonly health: HealthState,
    private readonly offer: Pick<OwnOffer, 'leave' | 'span'>,
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
    const tellMs = until - performance.now();
    await this.offer.leave(this.connections.count, tellMs);
    let due = 0;
    let lookAt = performance.now() + LOOK_MS;
    do {
      if (performance.now() >= lookAt) {
        lookAt += LOOK_MS;
        void this.offer.leave(this.connections.count, tellMs); // It never throws.
      }
      const stepsLeft = Math.max(1, Math.ceil((until - performance.now()) / STEP_MS));
      // Fractions of a client add up from step to step.
      due += this.connections.count / stepsLeft;
      this.sendSome(Math.floor(due));
      due -= Math.floor(due);
      await this.step(until);
    } while (this.connections.remaining > 0 && performance.now() < until);
  }

  /** A stream whose request was still being answered is told as soon as it begins. */
  private async finish(server: DrainedServer, until: number): Promise<void> {
    do {
      this.sendSome(this.connections.count);
      await this.step(until);
    } while ((await server.connectionCount()) > 0 && performance.now() < until);
    this.sendSome(this.connections.count);
  }

  private sendSome(count: number): void {
    this.connections.close(count, 'draining', this.offer.span);
  }

  private step(until: number): Promise<void> {
    return this.wait(Math.min(STEP_MS, Math.max(0, until - performance.now())));
  }
}
