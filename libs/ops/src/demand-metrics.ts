import { Gauge, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

/** What the clients of a gateway want and take, at the moment. */
export interface Demand {
  /** Requests that they would send in one interval if each of them polled its own tickets. */
  readonly ownPolls: number;
  /** Connections with more than half of the unsent bytes after which they are closed. */
  readonly slowConsumers: number;
}

/** What a gateway spares the upstream, and which clients do not keep up. Looked up when somebody asks for metrics. */
export class DemandMetrics {
  constructor(
    registry: Registry,
    demand: () => Demand,
    /** `POLL_INTERVAL_MS` */
    intervalMs: number,
  ) {
    const registers = [registry];
    new Gauge({
      name: `${METRICS_PREFIX}upstream_requests_by_clients_per_second`,
      help: 'Requests that the clients of this gateway would send if each polled its own tickets at full pace.',
      registers,
      collect() {
        this.set((demand().ownPolls * 1000) / intervalMs);
      },
    });
    new Gauge({
      name: `${METRICS_PREFIX}slow_consumers`,
      help: 'Connections with more than half of the unsent bytes after which they are closed as slow_consumer.',
      registers,
      collect() {
        this.set(demand().slowConsumers);
      },
    });
  }
}
