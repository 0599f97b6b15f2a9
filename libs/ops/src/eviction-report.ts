import { Gauge, type Registry } from 'prom-client';
import type { Logger } from 'pino';
import { METRICS_PREFIX } from './metrics.js';

/** Tells operators that Redis may evict keys: a metric, and one warning each time that its policy becomes such. */
export class EvictionReport {
  private readonly gauge: Gauge;
  private known: string | null = null;

  constructor(
    registry: Registry,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.gauge = new Gauge({
      name: `${METRICS_PREFIX}redis_evicting`,
      help: '1 where the maxmemory-policy of Redis lets it evict keys, else 0.',
      // All processes of a fleet see the same Redis.
      aggregator: 'max',
      registers: [registry],
    });
  }

  /** @param policy the `maxmemory-policy` that evicts; null: nothing is evicted */
  report(policy: string | null): void {
    this.gauge.set(policy === null ? 0 : 1);
    if (policy !== null && policy !== this.known) {
      this.logger.warn(
        { part: 'redis', policy },
        'Redis may evict keys: set its maxmemory-policy to noeviction, or clients will be told of gaps',
      );
    }
    this.known = policy;
  }
}
