import { Counter, Gauge, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

const REASONS = ['slow', 'large', 'crowded'] as const;

/** What a gateway counts of connections that have shown no token. */
export class UnauthenticatedMetrics {
  private readonly connections: Gauge;
  private readonly cuts: Counter<'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.connections = new Gauge({
      name: `${METRICS_PREFIX}unauthenticated_connections`,
      help: 'Open connections that have shown no valid token yet.',
      registers,
    });
    this.cuts = new Counter({
      name: `${METRICS_PREFIX}unauthenticated_cut_total`,
      help: 'Connections without a token that were ended: too slow, too many bytes, or too many connections.',
      labelNames: ['reason'],
      registers,
    });
    REASONS.forEach((reason) => this.cuts.inc({ reason }, 0));
  }

  waiting(count: number): void {
    this.connections.set(count);
  }

  cut(reason: (typeof REASONS)[number]): void {
    this.cuts.inc({ reason });
  }
}
